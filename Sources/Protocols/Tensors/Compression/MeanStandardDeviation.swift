import Foundation

/// ``TensorCompression/meanStandardDeviation16``: `n × f16 ‖ rows × f32 mean ‖ rows × f32 deviation`, where the rows
/// are all dimensions but the last.
enum MeanStandardDeviation {
  /// The least deviation, so that constant rows can be divided by it.
  static let leastDeviation = Float.ulpOfOne

  /// Each step is made in the wider of the tensor's type and `Float`, and rounded to the tensor's type.
  ///
  /// - Throws: ``TensorError``: `tensor.compression` for a scalar, `tensor.size`.
  static func decode(_ buffer: Data, _ type: DataType, _ shape: [Int], _ count: Int) throws(TensorError) -> Data {
    let (rows, length) = try layout(shape)
    guard rows <= buffer.count / 8, buffer.count == 2 * count + 8 * rows else {
      throw .length(buffer, .meanStandardDeviation16)
    }
    let halves = buffer.elements(Float16.self, at: 0, count: count)
    let means = buffer.elements(Float.self, at: 2 * count, count: rows)
    let deviations = buffer.elements(Float.self, at: 2 * count + 4 * rows, count: rows)
    func all<Element: TensorElement>(_ restore: (Float16, _ deviation: Float, _ mean: Float) -> Element) -> Data {
      Data(littleEndian: halves.indices.map { restore(halves[$0], deviations[$0 / length], means[$0 / length]) })
    }
    return switch type {
    case .float16: all { half, deviation, mean in Float16(Float(Float16(Float(half) * deviation)) + mean) }
    case .float64: all { half, deviation, mean in Double(half) * Double(deviation) + Double(mean) }
    default: all { half, deviation, mean in Float(half) * deviation + mean }
    }
  }

  /// - Throws: ``TensorError``: `tensor.compression` for a scalar, `tensor.value` for numbers that have no finite
  ///   deviation.
  static func encode(_ tensor: Tensor) throws(TensorError) -> Data {
    let (rows, length) = try layout(tensor.shape)
    let floats = try tensor.finiteFloats
    var (halves, means, deviations): ([Float16], [Float], [Float]) = ([], [], [])
    halves.reserveCapacity(floats.count)
    for row in 0..<rows {
      let elements = floats[row * length..<(row + 1) * length]
      let mean = elements.mean
      let deviation = max(elements.deviation(from: mean, over: max(length, 1)), leastDeviation)
      guard deviation.isFinite else { throw TensorError(.value, "a row of a tensor is too widely spread") }
      halves += elements.map { HalfFloats.clamped(($0 - mean) / deviation) }
      means.append(mean)
      deviations.append(deviation)
    }
    return Data(littleEndian: halves) + Data(littleEndian: means) + Data(littleEndian: deviations)
  }

  private static func layout(_ shape: [Int]) throws(TensorError) -> (rows: Int, length: Int) {
    guard let length = shape.last else {
      throw TensorError(.compression, "a scalar can't be compressed as meanStandardDeviation16")
    }
    return (try Tensor.count(shape.dropLast()), length)
  }
}

extension RandomAccessCollection<Float> {
  /// Zero if there are no elements.
  var mean: Float { isEmpty ? 0 : Float(reduce(0.0) { $0 + Double($1) } / Double(count)) }

  /// The root of the sum of squared differences, divided by that of `freedom`.
  func deviation(from mean: Float, over freedom: Int) -> Float {
    let squares = reduce(0.0) { sum, element in
      let difference = Double(element - mean)
      return sum + difference * difference
    }
    return Float(squares.squareRoot()) / Float(Double(freedom).squareRoot())
  }
}
