/// What the header of a safetensors file says of one tensor, after it was checked.
struct TensorEntry: Sendable, Equatable {
  let name: String
  let type: TensorType
  /// Lengths of the dimensions, slowest first; empty for a scalar.
  let shape: [Int]
  /// Where its elements stand behind the header, in bytes; little-endian, row by row.
  let range: Range<Int>

  init(name: String, type: TensorType, shape: [Int], range: Range<Int>) {
    self.name = name
    self.type = type
    self.shape = shape
    self.range = range
  }

  /// How many elements it has.
  var count: Int { range.count / type.width }

  /// Bytes of a tensor of that type and shape; nil if no memory could hold them.
  static func byteCount(_ type: TensorType, _ shape: [Int]) -> Int? {
    var count = type.width
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }
}
