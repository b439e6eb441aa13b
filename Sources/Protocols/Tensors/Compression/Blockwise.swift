import Foundation

/// ``TensorCompression/blockwise8``: `i64 blocks ‖ i64 k ‖ blocks × f32 largest ‖ k × f32 code ‖ n × u8 index`. Each
/// block of 4,096 elements is scaled by the largest of them, and each element written as the nearest value of a code.
enum Blockwise {
  static let blockLength = 4_096

  /// - Throws: ``TensorError``: `tensor.table` unless there are as many blocks as the elements need, 1 to 256 values,
  ///   and one for each index; `tensor.size`; `tensor.value`.
  static func decode(_ buffer: Data, _ type: DataType, _ count: Int) throws(TensorError) -> Data {
    let sizes = buffer.elements(Int64.self, at: 0, count: 2)
    let blocks = count / blockLength + (count % blockLength == 0 ? 0 : 1)
    guard sizes.count == 2, sizes[0] == Int64(blocks), (1...Int64(DynamicCode.values.count)).contains(sizes[1]) else {
      throw TensorError(.table, "a tensor comes with tables of the wrong size")
    }
    let codeStart = 16 + 4 * blocks
    let start = codeStart + 4 * Int(sizes[1])
    guard buffer.count - start == count else { throw .length(buffer, .blockwise8) }
    let scales = buffer.elements(Float.self, at: 16, count: blocks)
    let code = buffer.elements(Float.self, at: codeStart, count: Int(sizes[1]))
    var floats = try code.look(up: buffer.elements(UInt8.self, at: start, count: count))
    for index in floats.indices { floats[index] *= scales[index / blockLength] }
    return try type.bytes(floats)
  }

  /// - Throws: ``TensorError`` `tensor.value`.
  static func encode(_ tensor: Tensor) throws(TensorError) -> Data {
    let floats = try tensor.finiteFloats
    var (scales, indices): ([Float], [UInt8]) = ([], [])
    indices.reserveCapacity(floats.count)
    for start in stride(from: 0, to: floats.count, by: blockLength) {
      let block = floats[start..<min(start + blockLength, floats.count)]
      let scale = block.reduce(0) { max($0, abs($1)) }
      scales.append(scale)
      indices += block.map { DynamicCode.nearest(to: scale > 0 ? $0 / scale : 0) }
    }
    return Data(littleEndian: [Int64(scales.count), Int64(DynamicCode.values.count)]) + Data(littleEndian: scales)
      + Data(littleEndian: DynamicCode.values) + Data(indices)
  }
}
