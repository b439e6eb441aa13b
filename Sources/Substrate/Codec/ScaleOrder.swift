extension ScaleValue {
  /// The order in which Rust's `Ord` puts two values of one type, and so the order of the keys of a
  /// `BTreeMap` or `BTreeSet` on the wire.
  ///
  /// Integers compare by value, bytes and sequences by element and then by length, composites field by
  /// field, enums by index and then by content. Both values must have been decoded.
  static func precedes(_ first: ScaleValue, _ second: ScaleValue) -> Bool {
    compare(first, second) < 0
  }

  static func compare(_ first: ScaleValue, _ second: ScaleValue) -> Int {
    switch (first, second) {
    case (.bool(let a), .bool(let b)): (a ? 1 : 0) - (b ? 1 : 0)
    case (.unsigned(let a), .unsigned(let b)): order(a, b)
    case (.signed(let a), .signed(let b)): order(a, b)
    case (.big(let a), .big(let b)): order(a, b)
    case (.bigSigned(let a), .bigSigned(let b)): order(a, b)
    case (.character(let a), .character(let b)): order(a, b)
    case (.text(let a), .text(let b)): lexicographic(Array(a.utf8), Array(b.utf8), order)
    case (.bytes(let a), .bytes(let b)): lexicographic(a, b, order)
    case (.sequence(let a), .sequence(let b)), (.tuple(let a), .tuple(let b)): lexicographic(a, b, compare)
    case (.fields(let a), .fields(let b)): lexicographic(a.map(\.value), b.map(\.value), compare)
    case (.variant(let a), .variant(let b)):
      a.index == b.index ? compare(a.value, b.value) : Int(a.index) - Int(b.index)
    case (.option(let a), .option(let b)):
      switch (a, b) {
      case (let a?, let b?): compare(a, b)
      default: (a == nil ? 0 : 1) - (b == nil ? 0 : 1)
      }
    default: 0
    }
  }

  private static func order<Value: Comparable>(_ first: Value, _ second: Value) -> Int {
    first < second ? -1 : first == second ? 0 : 1
  }

  private static func lexicographic<Value>(
    _ first: [Value], _ second: [Value], _ compare: (Value, Value) -> Int
  ) -> Int {
    for (a, b) in zip(first, second) {
      let result = compare(a, b)
      if result != 0 { return result }
    }
    return first.count - second.count
  }
}
