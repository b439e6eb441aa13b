/// The loops in which the model's time is spent. They are plain functions over memory that their callers measured; see
/// `Lanes` for why their order of summation is part of their meaning.
enum Kernels {
  /// The products of `rows` rows of weights with one vector.
  ///
  /// - Parameters:
  ///   - weights: the rows, each as long as the vector, one behind the other.
  ///   - output: receives one number for each row.
  static func multiply(
    _ weights: UnsafePointer<Float>, rows: Int, by vector: UnsafePointer<Float>, count: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    var row = 0
    // Two rows at a time share the loads of the vector and keep eight sums in flight.
    while row + 2 <= rows {
      let first = weights + row * count
      let second = first + count
      var sums = (Lanes.zero, Lanes.zero)
      var index = 0
      while index + Lanes.scalarCount <= count {
        let factor = Lanes(at: vector + index)
        sums.0 += Lanes(at: first + index) * factor
        sums.1 += Lanes(at: second + index) * factor
        index += Lanes.scalarCount
      }
      output[row] = sums.0.total + tail(first, vector, from: index, count)
      output[row + 1] = sums.1.total + tail(second, vector, from: index, count)
      row += 2
    }
    if row < rows { output[row] = dot(weights + row * count, vector, count: count) }
  }

  /// The inner product of two vectors, in the same order as ``multiply(_:rows:by:count:into:)``.
  @inline(__always)
  static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int) -> Float {
    var sums = Lanes.zero
    var index = 0
    while index + Lanes.scalarCount <= count {
      sums += Lanes(at: left + index) * Lanes(at: right + index)
      index += Lanes.scalarCount
    }
    return sums.total + tail(left, right, from: index, count)
  }

  /// The sum of a vector.
  @inline(__always)
  static func sum(_ vector: UnsafePointer<Float>, count: Int) -> Float {
    var sums = Lanes.zero
    var index = 0
    while index + Lanes.scalarCount <= count {
      sums += Lanes(at: vector + index)
      index += Lanes.scalarCount
    }
    var rest: Float = 0
    while index < count {
      rest += vector[index]
      index += 1
    }
    return sums.total + rest
  }

  /// Adds `factor` times a vector to another.
  @inline(__always)
  static func add(
    _ vector: UnsafePointer<Float>, times factor: Float, to output: UnsafeMutablePointer<Float>, count: Int
  ) {
    var index = 0
    while index + Lanes.scalarCount <= count {
      (Lanes(at: output + index) + Lanes(at: vector + index) * factor).store(at: output + index)
      index += Lanes.scalarCount
    }
    while index < count {
      output[index] += vector[index] * factor
      index += 1
    }
  }

  /// Replaces each number of a vector by what `transform` makes of it.
  @inline(__always)
  static func transform(
    _ vector: UnsafeMutablePointer<Float>, count: Int, _ transform: (Lanes) -> Lanes
  ) {
    var index = 0
    while index + Lanes.scalarCount <= count {
      transform(Lanes(at: vector + index)).store(at: vector + index)
      index += Lanes.scalarCount
    }
    guard index < count else { return }
    var last = Lanes.zero
    for lane in 0..<count - index { last[lane] = vector[index + lane] }
    last = transform(last)
    for lane in 0..<count - index { vector[index + lane] = last[lane] }
  }

  @inline(__always)
  private static func tail(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, from start: Int, _ count: Int
  ) -> Float {
    var sum: Float = 0
    for index in start..<count { sum += left[index] * right[index] }
    return sum
  }
}
