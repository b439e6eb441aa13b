import Foundation

/// ``TensorCompression/quantile8`` and ``TensorCompression/uniform8``: `i64 k ‖ k × f32 values ‖ n × u8 index`.
///
/// They differ in how the elements are sorted into bins; a bin's value is the mean of what fell into it.
enum Codebook {
  static let bins = 256
  /// Elements whose quantiles are found at once; those of a longer tensor are the quantiles of its pieces' quantiles.
  static let quantileChunk = 100_000
  /// How many deviations the steps cover.
  static let deviationsCovered: Float = 6

  /// - Throws: ``TensorError``: `tensor.table` unless there are 1 to 256 values and each index has one, `tensor.size`.
  static func decode(_ buffer: Data, _ type: DataType, _ count: Int) throws(TensorError) -> Data {
    guard let size = buffer.elements(Int64.self, at: 0, count: 1).first, (1...Int64(bins)).contains(size) else {
      throw TensorError(.table, "a tensor comes with a table of another size than 1 to \(bins)")
    }
    let start = 8 + 4 * Int(size)
    guard buffer.count - start == count else { throw .length(buffer, .quantile8) }
    let values = buffer.elements(Float.self, at: 8, count: Int(size))
    return try type.bytes(values.look(up: buffer.elements(UInt8.self, at: start, count: count)))
  }

  /// - Throws: ``TensorError`` `tensor.value`.
  static func quantiles(of tensor: Tensor) throws(TensorError) -> Data {
    let floats = try tensor.finiteFloats
    let chunks = max(1, floats.count / quantileChunk)
    let length = max(1, (floats.count + chunks - 1) / chunks)
    let quantiles = stride(from: 0, to: floats.count, by: length)
      .flatMap { floats[$0..<min($0 + length, floats.count)].quantiles(bins + 1) }
      .quantiles(bins + 1)
    let borders = Array(quantiles.dropFirst().dropLast())
    return encode(floats, floats.map { UInt8(borders.count(below: $0)) })
  }

  /// - Throws: ``TensorError`` `tensor.value`.
  static func steps(of tensor: Tensor) throws(TensorError) -> Data {
    let floats = try tensor.finiteFloats
    // The published code takes the mean in the tensor's own type.
    let mean = tensor.type == .bfloat16 ? Float(BFloat16(floats.mean)) : floats.mean
    let deviation = floats.deviation(from: mean, over: max(floats.count - 1, 1))
    let step = deviationsCovered * deviation / Float(bins)
    guard step.isFinite else { throw TensorError(.value, "a tensor is too widely spread") }
    let middle = Float(bins / 2)
    return encode(
      floats,
      floats.map { float in
        guard step > 0 else { return UInt8(middle) }
        let index = ((float - mean) / step).rounded(.toNearestOrEven) + middle
        return UInt8(min(max(index, 0), Float(bins - 1)))
      })
  }

  private static func encode(_ floats: [Float], _ indices: [UInt8]) -> Data {
    var sums = [Float](repeating: 0, count: bins)
    var counts = [Float](repeating: 0, count: bins)
    for (float, index) in zip(floats, indices) {
      sums[Int(index)] += float
      counts[Int(index)] += 1
    }
    let values = zip(sums, counts).map { $0 / max($1, 1) }
    return Data(littleEndian: [Int64(bins)]) + Data(littleEndian: values) + Data(indices)
  }
}

extension [Float] {
  /// The values that the indices name.
  ///
  /// - Throws: ``TensorError`` `tensor.table` for an index beyond the end.
  func look(up indices: [UInt8]) throws(TensorError) -> [Float] {
    guard count > Int(indices.max() ?? 0) || indices.isEmpty else {
      throw TensorError(.table, "a tensor's element is not in its table of \(count)")
    }
    return indices.map { self[Int($0)] }
  }

  /// How many elements are below `number`, if they ascend.
  func count(below number: Float) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Collection<Float> {
  /// `number` values that cut the sorted elements into equal parts, ends included; between two elements, their
  /// weighted mean, as numpy makes it. Zeros if there are no elements.
  func quantiles(_ number: Int) -> [Float] {
    let sorted = sorted()
    guard let greatest = sorted.last else { return [Float](repeating: 0, count: number) }
    return (0..<number).map { index in
      let place = Float(index) / Float(number - 1) * Float(sorted.count - 1)
      let below = Int(place)
      guard below + 1 < sorted.count else { return greatest }
      let (left, right, weight) = (sorted[below], sorted[below + 1], place - Float(below))
      let difference = right - left
      return weight < 0.5 ? left + difference * weight : right - difference * (1 - weight)
    }
  }
}
