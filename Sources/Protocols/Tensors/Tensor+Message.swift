import Foundation
import LibP2P

extension Tensor {
  /// Reads a whole tensor.
  ///
  /// - Parameter limit: the most bytes that it may have once it is decompressed.
  /// - Throws: ``TensorError``.
  public init(_ message: PBTensor, limit: Int = Tensor.maximumByteCount) throws(TensorError) {
    guard let type = DataType(rawValue: message.dtype) else {
      throw TensorError(.type, "no type of elements is named \(message.dtype.quotedForLog())")
    }
    guard let compression = TensorCompression(rawValue: message.compression.rawValue) else {
      throw TensorError(.compression, "compression \(message.compression.rawValue) does not exist")
    }
    guard message.chunks >= 0 else { throw TensorError(.chunks, "a tensor has \(message.chunks) pieces") }
    guard compression.takes(type) else {
      throw TensorError(.compression, "tensors of \(type.rawValue) can't be compressed as \(compression)")
    }
    let shape = message.size.prefix(Self.maximumRank + 1).map(Int.init)
    let count = try Self.count(shape)
    guard count <= limit / type.byteCount else {
      throw TensorError(.limit, "a tensor has \(count) elements of \(type.rawValue); \(limit) bytes are allowed")
    }
    try self.init(
      type, shape: shape, bytes: compression.decode(message.buffer, type, shape, count),
      requiresGradient: message.requiresGrad)
  }

  /// Writes a whole tensor.
  ///
  /// - Parameter widensBFloat16: whether uncompressed bfloat16 goes out as float32, as the published nodes send it
  ///   unless they are told otherwise; they read both.
  /// - Throws: ``TensorError`` `tensor.compression` for a type or shape that can't be compressed so, `tensor.value`
  ///   for elements that can't, such as infinity.
  public func message(
    compression: TensorCompression = .none, widensBFloat16: Bool = true
  ) throws(TensorError) -> PBTensor {
    guard compression.takes(type) else {
      throw TensorError(.compression, "tensors of \(type.rawValue) can't be compressed as \(compression)")
    }
    var message = PBTensor()
    message.size = shape.map { UInt32(clamping: $0) }
    message.dtype = type.rawValue
    message.requiresGrad = requiresGradient
    message.compression = PBTensor.Compression(rawValue: compression.rawValue) ?? .none
    message.buffer =
      compression == .none && type == .bfloat16 && widensBFloat16
      ? Data(littleEndian: floats) : try compression.encode(self)
    return message
  }
}

extension TensorCompression {
  /// - Throws: ``TensorError``.
  fileprivate func decode(
    _ buffer: Data, _ type: DataType, _ shape: [Int], _ count: Int
  ) throws(TensorError) -> Data {
    switch self {
    case .none:
      // Readers tell the two forms of bfloat16 apart by their length.
      guard type == .bfloat16, count > 0, buffer.count == 4 * count else { return buffer }
      return Data(littleEndian: buffer.elements(Float.self, at: 0, count: count).map(BFloat16.init))
    case .meanStandardDeviation16: return try MeanStandardDeviation.decode(buffer, type, shape, count)
    case .float16: return try HalfFloats.decode(buffer, type, count)
    case .quantile8, .uniform8: return try Codebook.decode(buffer, type, count)
    case .blockwise8: return try Blockwise.decode(buffer, type, count)
    }
  }

  /// - Throws: ``TensorError``.
  fileprivate func encode(_ tensor: Tensor) throws(TensorError) -> Data {
    switch self {
    case .none: tensor.bytes
    case .meanStandardDeviation16: try MeanStandardDeviation.encode(tensor)
    case .float16: HalfFloats.encode(tensor)
    case .quantile8: try Codebook.quantiles(of: tensor)
    case .uniform8: try Codebook.steps(of: tensor)
    case .blockwise8: try Blockwise.encode(tensor)
    }
  }
}
