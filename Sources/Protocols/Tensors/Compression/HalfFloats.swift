import Foundation

/// ``TensorCompression/float16``: `n × f16`. Numbers beyond the largest half float become that.
enum HalfFloats {
  static let largest: Float = 65_504

  /// - Throws: ``TensorError`` `tensor.size`.
  static func decode(_ buffer: Data, _ type: DataType, _ count: Int) throws(TensorError) -> Data {
    guard buffer.count == 2 * count else { throw .length(buffer, .float16) }
    if type == .float16 { return buffer }
    return try type.bytes(buffer.elements(Float16.self, at: 0, count: count).map(Float.init))
  }

  static func encode(_ tensor: Tensor) -> Data { Data(littleEndian: tensor.floats.map(clamped)) }

  /// Not a number stays so.
  static func clamped(_ value: Float) -> Float16 {
    Float16(value.isNaN ? value : min(max(value, -largest), largest))
  }
}
