import Foundation
import SwiftProtobuf
import Testing

@testable import Protocols

@Suite("Tensors")
struct TensorTests {
  private func expect(
    _ kind: TensorError.Code, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    let error = #expect(throws: TensorError.self, sourceLocation: location) { try body() }
    #expect(error?.kind == kind, sourceLocation: location)
  }

  /// Every type, with the edges of its range.
  private static func samples() throws -> [Tensor] {
    let bits: [UInt32] = [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001, 1, 0x3f80_0000]
    return try [
      Tensor(bits.map(Float.init(bitPattern:)), shape: [2, 2, 2]),
      Tensor([0.0, -0.0, .infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude], shape: [3, 2]),
      Tensor([Float16(1), -.infinity, .nan, .leastNonzeroMagnitude], shape: [4, 1]),
      Tensor([0, 0x7f80, 0xffc1, 0x7f81, 1, 0x8000].map { BFloat16(bitPattern: $0) }, shape: [6]),
      Tensor([Int64.min, .max, 0, -1]), Tensor([Int32.min, .max]), Tensor([Int16.min, .max]), Tensor([Int8.min, .max]),
      Tensor([UInt8.min, .max]), Tensor([true, false, true]),
      Tensor(.complex64, shape: [2], bytes: Data(0..<16)), Tensor(.complex128, shape: [], bytes: Data(0..<16)),
      Tensor([Float](), shape: [0]), Tensor([Float](), shape: [3, 0, 2]),
    ]
  }

  @Test("P-82 type, shape, bits and the gradient's mark come back, whatever the values")
  func roundTrip() throws {
    for sample in try Self.samples() {
      for (widens, requiresGradient) in [(true, true), (false, false)] {
        var tensor = sample
        tensor.requiresGradient = requiresGradient
        let wire: [UInt8] = try tensor.message(widensBFloat16: widens).serializedBytes()
        #expect(try Tensor(PBTensor(serializedBytes: wire)) == tensor, "\(tensor.type)")
      }
    }
    #expect(Set(try Self.samples().map(\.type)) == Set(DataType.allCases))
  }

  @Test("Elements come out as they went in, also from bytes that are not aligned")
  func elements() throws {
    let numbers = (0..<100).map { Int64($0) &* 0x0123_4567_89ab_cdef }
    let tensor = try Tensor(numbers, shape: [4, 25])
    #expect(try tensor.elements() == numbers)
    let shifted = (Data([0]) + tensor.bytes).dropFirst()
    #expect(try Tensor(.int64, shape: [100], bytes: shifted).elements() == numbers)
    expect(.type) { _ = try tensor.elements(as: Float.self) }
  }

  @Test("Uncompressed bytes are shared with the message, both ways")
  func sharing() throws {
    let message = try Tensor([Float](repeating: 1, count: 10_000)).message()
    let tensor = try Tensor(message)
    func address(_ data: Data) -> UnsafeRawPointer? { data.withUnsafeBytes { $0.baseAddress } }
    #expect(address(tensor.bytes) == address(message.buffer))
    #expect(address(try tensor.message().buffer) == address(message.buffer))
  }

  @Test(
    "bfloat16 rounds to the nearest, ties to even, as the hardware does",
    arguments: [
      (0x3f80_0000, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82), (0x3f80_8001, 0x3f81), (0x7f7f_ffff, 0x7f80),
      (0xff7f_ffff, 0xff80), (0x7f80_0000, 0x7f80), (0x7f80_0001, 0x7fc0), (0xff80_0001, 0xffc0), (0x0000_8000, 0),
      (0x0000_8001, 1), (0x8000_0000, 0x8000), (0x7f81_0000, 0x7f81),
    ] as [(UInt32, UInt16)])
  func bfloat16(bits: UInt32, expected: UInt16) {
    #expect(BFloat16(Float(bitPattern: bits)).bitPattern == expected)
  }

  @Test("S10 shapes that no memory could hold, or that differ from the bytes, are refused")
  func shapes() throws {
    let most = UInt32.max
    for (size, kind) in [
      ([most, most, most], .shape), ([most, 1 << 30], .limit), ([1 << 31, 1 << 31, 1 << 1], .shape),
      ([UInt32](repeating: 1, count: 33), .shape), ([3], .size), ([2, 2], .size), ([], .size), ([0], .size),
      ([UInt32](repeating: most, count: 100_000), .shape),
    ] as [([UInt32], TensorError.Code)] {
      let message = PBTensor.with { ($0.size, $0.dtype, $0.buffer) = (size, "float32", Data(count: 8)) }
      expect(kind) { _ = try Tensor(message) }
    }
    // Nothing is in there, however many of nothing there are.
    let empty = PBTensor.with { ($0.size, $0.dtype) = ([most, most, most, 0], "int8") }
    #expect(try Tensor(empty).count == 0)
    expect(.shape) { _ = try Tensor(.int8, shape: [-1], bytes: Data()) }
    expect(.shape) { _ = try Tensor(.int8, shape: [-1, -1], bytes: Data(count: 1)) }
    expect(.size) { _ = try Tensor([Int8(1)], shape: [2]) }
  }

  @Test("S10 unknown types and compressions, strange bools and negative counts are refused; the largest size holds")
  func validation() throws {
    let good = try Tensor([Float(1)]).message()
    for (change, kind) in [
      ({ $0.dtype = "float8" }, .type), ({ $0.dtype = "" }, .type), ({ $0.dtype = "Float32" }, .type),
      ({ $0.compression = .UNRECOGNIZED(6) }, .compression), ({ $0.compression = .UNRECOGNIZED(-1) }, .compression),
      ({ $0.chunks = -1 }, .chunks), ({ ($0.dtype, $0.size, $0.buffer) = ("bool", [2], Data([1, 2])) }, .value),
    ] as [((inout PBTensor) -> Void, TensorError.Code)] {
      var message = good
      change(&message)
      expect(kind) { _ = try Tensor(message) }
    }
    expect(.limit) { _ = try Tensor(good, limit: 3) }
    #expect(try Tensor(good, limit: 4).count == 1)
    // Eight times what is in the message: the limit is on what comes out.
    let bytes = try Tensor([Int64](repeating: 5, count: 100)).message(compression: .blockwise8)
    expect(.limit) { _ = try Tensor(bytes, limit: 799) }
    #expect(try Tensor(bytes, limit: 800).elements() == [Int64](repeating: 5, count: 100))
  }

  @Test("S10 tables of the wrong size, indices beyond them and values that don't fit are refused")
  func tables() throws {
    func message(
      _ compression: PBTensor.Compression, _ type: String, _ buffer: Data, _ size: [UInt32] = [2]
    ) -> PBTensor {
      PBTensor.with { ($0.compression, $0.dtype, $0.buffer, $0.size) = (compression, type, buffer, size) }
    }
    func numbers(_ numbers: Int64...) -> Data { Data(littleEndian: numbers) }
    let two = Data(littleEndian: [Float(1), 2])
    // A small table is fine.
    #expect(try Tensor(message(.quantile8Bit, "float32", numbers(2) + two + [1, 0])).elements() == [Float(2), 1])
    for (buffer, kind) in [
      (Data(), .table), (numbers(0) + [0, 0], .table), (numbers(-1), .table), (numbers(.min), .table),
      (numbers(.max), .table), (numbers(257), .table), (numbers(2) + two + [0], .size), (numbers(2) + two, .size),
      (numbers(2) + two + [0, 0, 0], .size), (numbers(2) + two + [0, 2], .table), (numbers(2), .size),
      (Data([2, 0, 0]), .table),
    ] as [(Data, TensorError.Code)] {
      expect(kind) { _ = try Tensor(message(.uniform8Bit, "float32", buffer)) }
    }
    let scale = Data(littleEndian: [Float(100)])
    #expect(
      try Tensor(message(.blockwise8Bit, "int16", numbers(1, 2) + scale + two + [0, 1])).elements() == [
        Int16(100), 200,
      ])
    for (type, buffer, kind) in [
      ("int16", Data(), .table), ("int16", numbers(1), .table), ("int16", numbers(2, 2) + scale + two, .table),
      ("int16", numbers(-1, 2), .table), ("int16", numbers(1, -2), .table), ("int16", numbers(1, .max), .table),
      ("int16", numbers(1, 2) + scale + two + [0], .size), ("int16", numbers(1, 2) + scale + two + [0, 2], .table),
      ("int8", numbers(1, 2) + scale + two + [0, 1], .value),
      ("int64", numbers(1, 2) + Data(littleEndian: [Float.nan]) + two + [0, 1], .value),
      ("complex64", numbers(1, 2) + scale + two + [0, 1], .compression),
    ] as [(String, Data, TensorError.Code)] {
      expect(kind) { _ = try Tensor(message(.blockwise8Bit, type, buffer)) }
    }
    for buffer in [Data(), Data(count: 11), Data(count: 13)] {
      expect(.size) { _ = try Tensor(message(.meanstd16Bit, "float32", buffer)) }
      expect(.size) { _ = try Tensor(message(.float16, "float32", buffer)) }
    }
    // Rows without elements still have statistics.
    expect(.size) { _ = try Tensor(message(.meanstd16Bit, "float32", Data(), [UInt32.max, 0])) }
    expect(.shape) { _ = try Tensor(message(.meanstd16Bit, "float32", Data(), [.max, .max, .max, 0])) }
  }

  @Test("S10 what is not finite can't be compressed by statistics; half floats keep it within their range")
  func notFinite() throws {
    for value in [Float.nan, .infinity, -.infinity] {
      let tensor = try Tensor([1, value])
      for compression in TensorCompression.allCases where compression.rawValue > 0 && compression != .float16 {
        expect(.value) { _ = try tensor.message(compression: compression) }
      }
    }
    let halves = try Tensor([Float.nan, .infinity, -.infinity, -0.0]).message(compression: .float16)
    let back = try Tensor(halves).elements(as: Float.self)
    #expect(back[0].isNaN && back[1] == 65_504 && back[2] == -65_504 && back[3].sign == .minus)
    let wide = try Tensor([Float.greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    for compression in [TensorCompression.meanStandardDeviation16, .uniform8] {
      expect(.value) { _ = try wide.message(compression: compression) }
    }
  }

  @Test("Compressions lose little: random tensors of every shape come back near", arguments: 0..<20)
  func precision(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let shape = [Int.random(in: 1...5, using: &random), Int.random(in: 1...2_000, using: &random)]
    let count = shape[0] * shape[1]
    let numbers = (0..<count).map { _ in Float.random(in: -3...3, using: &random) }
    for compression in TensorCompression.allCases {
      let message = try Tensor(numbers, shape: shape).message(compression: compression)
      let back = try Tensor(PBTensor(serializedBytes: message.serializedBytes() as [UInt8]))
      #expect(back.shape == shape)
      let error = try zip(numbers, back.elements(as: Float.self)).map { abs($0 - $1) }.max() ?? 0
      let bound: Float =
        switch compression {
        case .none: 0
        case .float16, .meanStandardDeviation16: 0.003
        // The whole range in 256 bins, or in a code whose steps are 1.4 % of the range at most.
        case .quantile8, .uniform8, .blockwise8: 0.15
        }
      #expect(error <= bound, "\(compression)")
    }
  }

  @Test("Constant, single and empty tensors compress too")
  func degenerate() throws {
    for numbers in [[Float](repeating: 3, count: 9), [3], []] {
      for compression in TensorCompression.allCases {
        let back = try Tensor(Tensor(numbers).message(compression: compression))
        #expect(try back.elements(as: Float.self) == numbers, "\(compression)")
      }
    }
    let zeros = try Tensor(Tensor([Float](repeating: 0, count: 5_000)).message(compression: .blockwise8))
    #expect(try zeros.elements(as: Float.self).allSatisfy { $0 == 0 })
  }

  @Test("A piece too few, too many, out of place or endless is refused")
  func assembling() throws {
    let pieces = try Tensor((0..<10).map(Int64.init)).message().split(into: 32)
    #expect(pieces.count == 3)
    var assembler = TensorAssembler()
    expect(.chunks) { _ = try assembler.receive(pieces[1]) }
    #expect(try assembler.receive(pieces[0]) == nil)
    expect(.chunks) { try assembler.finish() }
    expect(.chunks) { _ = try assembler.receive(pieces[0]) }
    expect(.chunks) { _ = try assembler.receive(PBTensor()) }
    #expect(try assembler.receive(pieces[1]) == nil)
    let whole = try assembler.receive(pieces[2])
    #expect(try whole.map { try Tensor($0).elements() } == (0..<10).map(Int64.init))
    expect(.chunks) { _ = try assembler.receive(pieces[2]) }
    var endless = pieces[0]
    endless.chunks = .max
    var limited = TensorAssembler(limit: 100)
    #expect(try limited.receive(endless) == nil)
    #expect(try limited.receive(pieces[1]) == nil)
    #expect(try limited.receive(pieces[1]) == nil)
    expect(.limit) { _ = try limited.receive(pieces[1]) }
    endless.chunks = -3
    var fresh = TensorAssembler()
    expect(.chunks) { _ = try fresh.receive(endless) }
  }
}
