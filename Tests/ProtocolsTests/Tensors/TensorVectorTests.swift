import Crypto
import Foundation
import SwiftProtobuf
import Testing

@testable import Protocols

@Suite("Tensors as the mesh's code writes them")
struct TensorVectorTests {
  struct Vectors: Decodable {
    struct Case: Decodable {
      let label: String
      let compression: String
      let dtype: String
      let shape: [Int]
      let requiresGrad: Bool
      let inputLeHex: Hexadecimal?
      let legacyBfloat16: Bool
      let error: String?
      let pbHex: Hexadecimal?
      let pbHeadHex: Hexadecimal?
      let pbSha256: String?
      let pbLen: Int?
      let bufferLen: Int?
      let decodedLeHex: Hexadecimal?
    }
    struct Chunking: Decodable {
      struct Piece: Decodable {
        let lenBuffer: Int
        let chunks: Int32
        let dtype: String
        let size: [UInt32]
      }
      let defaultChunkSize: Int
      let tensor40000F32: [Piece]
      let threeValues: [Hexadecimal]
      let fiveValuesChunk8: [Hexadecimal]
      let empty: [Hexadecimal]
    }
    let vectors: [Case]
    let chunking: Chunking
    let inferenceRequestAuthWithoutAuth: Hexadecimal
    let inferenceResponseAuthWithoutAuth: Hexadecimal
    let blockwiseDynamicCode: [Double]

    enum CodingKeys: String, CodingKey {
      case vectors, chunking, blockwiseDynamicCode
      case inferenceRequestAuthWithoutAuth = "inferencerequestauthWithoutAuthHex"
      case inferenceResponseAuthWithoutAuth = "inferenceresponseauthWithoutAuthHex"
    }
  }

  private static let names: [String: TensorCompression] = [
    "NONE": .none, "MEANSTD_16BIT": .meanStandardDeviation16, "FLOAT16": .float16, "QUANTILE_8BIT": .quantile8,
    "UNIFORM_8BIT": .uniform8, "BLOCKWISE_8BIT": .blockwise8,
  ]

  private func vectors() throws -> Vectors { try MeshVectors.load("tensors.json") }

  /// The input of a case. The one that was not recorded is that of numpy's `default_rng(7)` after 32 numbers; the
  /// recorded hash of its message vouches for it.
  private func tensor(_ vector: Vectors.Case) throws -> Tensor {
    let type = try #require(DataType(rawValue: vector.dtype))
    let bytes = try vector.inputLeHex?.data ?? MeshVectors.data("tensor-5000.f32")
    return try Tensor(type, shape: vector.shape, bytes: bytes, requiresGradient: vector.requiresGrad)
  }

  @Test("S10 all recorded tensors decode exactly")
  func decoding() throws {
    let cases = try vectors().vectors
    #expect(cases.count == 47)
    for vector in cases {
      guard let recorded = vector.pbHex, let expected = vector.decodedLeHex else { continue }
      let tensor = try Tensor(PBTensor(serializedBytes: recorded.bytes))
      #expect(tensor.bytes == expected.data, "\(vector.label) \(vector.compression) \(vector.dtype)")
      #expect(tensor.shape == vector.shape && tensor.type.rawValue == vector.dtype)
      #expect(tensor.requiresGradient == vector.requiresGrad)
    }
  }

  @Test("S10 all recorded tensors encode exactly, means and deviations to the last bit but one")
  func encoding() throws {
    for vector in try vectors().vectors where vector.error == nil {
      let compression = try #require(Self.names[vector.compression])
      let message = try tensor(vector).message(compression: compression, widensBFloat16: vector.legacyBfloat16)
      let encoded: [UInt8] = try message.serializedBytes()
      let name: Comment = "\(vector.label) \(vector.compression) \(vector.dtype)"
      #expect(encoded.count == vector.pbLen && message.buffer.count == vector.bufferLen, name)
      if let hash = vector.pbSha256 {
        #expect(SHA256.hash(data: encoded).map { String(format: "%02x", $0) }.joined() == hash, name)
        #expect(encoded.starts(with: try #require(vector.pbHeadHex).bytes), name)
      } else if compression == .meanStandardDeviation16 {
        try expectClose(message, try PBTensor(serializedBytes: try #require(vector.pbHex).bytes), name)
      } else {
        #expect(encoded == vector.pbHex?.bytes, name)
      }
    }
  }

  /// The same halves; means and deviations that differ by no more than one unit in the last place.
  private func expectClose(_ message: PBTensor, _ recorded: PBTensor, _ name: Comment) throws {
    let statistics = message.size.dropLast().reduce(1, *) * 2
    let start = message.buffer.count - 4 * Int(statistics)
    #expect(message.buffer.prefix(start) == recorded.buffer.prefix(start), name)
    let (ours, theirs) = (message.buffer, recorded.buffer)
    for (our, their) in zip(
      ours.elements(Float.self, at: start, count: Int(statistics)),
      theirs.elements(Float.self, at: start, count: Int(statistics)))
    {
      #expect(abs(our - their) <= their.ulp, name)
    }
    var (our, their) = (message, recorded)
    (our.buffer, their.buffer) = (Data(), Data())
    #expect(our == their, name)
  }

  @Test("S10 what the mesh's code can't compress is refused both ways")
  func refusals() throws {
    let refused = try vectors().vectors.filter { $0.error != nil }
    #expect(refused.count == 7)
    for vector in refused {
      let compression = try #require(Self.names[vector.compression])
      let error = #expect(throws: TensorError.self) { try tensor(vector).message(compression: compression) }
      #expect(error?.kind == .compression, "\(vector.label) \(vector.compression) \(vector.dtype)")
      var message = try tensor(vector).message()
      message.compression = try #require(PBTensor.Compression(rawValue: compression.rawValue))
      #expect(throws: TensorError.self) { try Tensor(message) }
    }
  }

  @Test("The dynamic code is bitsandbytes', with the end of the range in the least value's place")
  func dynamicCode() throws {
    let recorded = try vectors().blockwiseDynamicCode.map(Float.init)
    #expect(DynamicCode.values.dropFirst() == recorded.dropFirst())
    #expect(DynamicCode.values.first == -1)
    for (index, value) in DynamicCode.values.enumerated() { #expect(DynamicCode.nearest(to: value) == UInt8(index)) }
    #expect(DynamicCode.nearest(to: 2) == 255 && DynamicCode.nearest(to: -2) == 0)
  }

  @Test("Tensors are cut and joined as the mesh does it")
  func chunking() throws {
    let recorded = try vectors().chunking
    #expect(PBTensor.chunkLength == recorded.defaultChunkSize)
    let long = try Tensor([Float](repeating: 1.5, count: 40_000)).message()
    for (piece, expected) in zip(long.split(), recorded.tensor40000F32) {
      #expect(piece.buffer.count == expected.lenBuffer && piece.chunks == expected.chunks)
      #expect(piece.dtype == expected.dtype && piece.size == expected.size)
    }
    let tensors: [([Float], Int, [Hexadecimal])] = [
      ([0, 1, 2], PBTensor.chunkLength, recorded.threeValues), ([0, 1, 2, 3, 4], 8, recorded.fiveValuesChunk8),
      ([], PBTensor.chunkLength, recorded.empty),
    ]
    var assembler = TensorAssembler()
    for (values, length, expected) in tensors {
      let pieces = try Tensor(values).message().split(into: length)
      #expect(try pieces.map { try $0.serializedBytes() as [UInt8] } == expected.map(\.bytes))
      var whole: [Tensor] = []
      for piece in pieces { if let joined = try assembler.receive(piece) { whole.append(try Tensor(joined)) } }
      #expect(try whole == [Tensor(values)])
    }
    try assembler.finish()
  }

  @Test("P-27 P-28 the messages of inference are the recorded ones")
  func messages() throws {
    let recorded = try vectors()
    let request = InferenceRequestAuth.with {
      $0.input = "hello"
      $0.maxNewTokens = 5
      $0.tensor = PBTensor.with { tensor in
        tensor.buffer = Data(littleEndian: [Int64(0), 1, 2])
        tensor.size = [3]
        tensor.dtype = "int64"
      }
    }
    #expect(try request.serializedBytes() == recorded.inferenceRequestAuthWithoutAuth.bytes)
    let response = try InferenceResponseAuth(serializedBytes: recorded.inferenceResponseAuthWithoutAuth.bytes)
    #expect(response.peer.nodeID == Data(0...19) && response.dhtTime == 1_760_000_000.125)
    #expect(response.output == "7" && !response.hasAuth)
    #expect(try response.tensors.map { try Tensor($0) } == [Tensor([Int64(7)], shape: [])])
    #expect(try response.serializedBytes() == recorded.inferenceResponseAuthWithoutAuth.bytes)
    // By hand from the fields of P-27 and P-28.
    let scalar: [UInt8] = [0x0a, 1, 7, 0x22, 4] + Array("int8".utf8)
    let tensor = try Tensor([Int8(7)], shape: []).message()
    let plain = InferenceRequest.with { ($0.input, $0.maxNewTokens, $0.tensor) = ("hi", 2, tensor) }
    #expect(try plain.serializedBytes() == [0x0a, 2] + Array("hi".utf8) + [0x10, 2, 0x1a, 9] + scalar)
    let answer = InferenceResponse.with { $0.tensors = [tensor, tensor] }
    #expect(try answer.serializedBytes() == [0x0a, 9] + scalar + [0x0a, 9] + scalar)
  }
}
