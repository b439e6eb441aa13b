import Foundation
import Fuzzing
import SwiftProtobuf

@testable import Protocols

/// Tensors of peers, whole and in pieces. The first byte chooses the reader. What is taken stays within the limit, and
/// comes back the same when it is written as it is, and with the same shape when it is compressed.
@main
struct FuzzTensors: FuzzTarget {
  private static let limit = 1 << 20

  init() {}

  func seeds() throws -> [[UInt8]] {
    let tensors = try Vectors.hex("pb_hex", in: "mesh/tensors.json")
    let pieces = try tensors.flatMap { bytes in
      try PBTensor(serializedBytes: bytes).split(into: 32).prefix(7).map { try $0.serializedBytes() as [UInt8] }
    }
    let stream = pieces.filter { $0.count < 256 }.prefix(40).flatMap { [UInt8($0.count)] + $0 }
    return tensors.map { Array("t".utf8) + $0 } + [Array("p".utf8) + stream]
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "t": if let message = try? PBTensor(serializedBytes: bytes) { whole(message) }
    case "p": pieces(bytes)
    default: break
    }
  }

  private func whole(_ message: PBTensor) {
    guard let tensor = try? Tensor(message, limit: Self.limit) else { return }
    promise(tensor.bytes.count <= Self.limit, "a tensor is larger than allowed")
    promise(tensor.count * tensor.type.byteCount == tensor.bytes.count, "a tensor has the wrong size")
    for widens in [true, false] {
      let back = (try? tensor.message(widensBFloat16: widens)).flatMap { try? Tensor($0) }
      promise(back == tensor, "a tensor changes when it is written")
    }
    for compression in TensorCompression.allCases {
      guard let compressed = try? tensor.message(compression: compression) else { continue }
      do {
        let back = try Tensor(compressed)
        promise(back.shape == tensor.shape && back.type == tensor.type, "a compressed tensor has another shape")
      } catch {
        // An integer that a float can't hold may come back too large for its type.
        promise(error.kind == .value && compression == .blockwise8, "a compressed tensor can't be read")
      }
    }
  }

  /// A byte of length goes before each piece.
  private func pieces(_ bytes: [UInt8]) {
    var assembler = TensorAssembler(limit: 1_024)
    var rest = bytes[...]
    while let length = rest.popFirst() {
      guard let piece = try? PBTensor(serializedBytes: Array(rest.prefix(Int(length)))) else { return }
      rest = rest.dropFirst(Int(length))
      do {
        guard let joined = try assembler.receive(piece) else { continue }
        promise(joined.buffer.count <= 1_024 && joined.chunks == 0, "too much is joined")
        whole(joined)
      } catch {
        return
      }
    }
  }
}
