/// What one JSON text may cost. The bytes are bounded before, by whoever received them.
public struct JSONLimits: Sendable, Hashable {
  /// Arrays and objects inside each other. Substrate's answers need less than ten.
  public var depth: Int
  /// Values in the whole text, where an array counts for ``arrayWeight`` and an object for
  /// ``objectWeight``. Bounds memory at about 24 bytes for each.
  public var values: Int

  /// What an array's own storage costs, in values.
  static let arrayWeight = 4
  /// What an object's own storage costs, in values.
  static let objectWeight = 10

  public init(depth: Int = 64, values: Int = 2 << 20) {
    self.depth = depth
    self.values = values
  }
}
