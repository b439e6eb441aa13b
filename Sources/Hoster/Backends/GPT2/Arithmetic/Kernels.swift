/// The loops in which the model's time is spent. They are plain functions over memory that their callers measured; see
/// `Lanes` for why their order of summation is part of their meaning.
enum Kernels {
  /// The inner product of two vectors.
  ///
  /// A row of weights at a time: memory is read fastest as one stream, twice as fast as two rows side by side.
  @inline(__always)
  static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int) -> Float {
    var sums = Lanes.zero
    var index = 0
    while index + Lanes.scalarCount <= count {
      sums += Lanes(at: left + index) * Lanes(at: right + index)
      index += Lanes.scalarCount
    }
    var rest: Float = 0
    while index < count {
      rest += left[index] * right[index]
      index += 1
    }
    return sums.total + rest
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
}
