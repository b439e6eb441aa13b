/// What one decoding may cost, whatever the input claims.
public struct ScaleLimits: Sendable, Hashable {
  /// How deep values may nest.
  public var depth: Int
  /// How many values may be made in all; each costs about 50 bytes.
  public var values: Int
  /// How many elements that take no bytes on the wire a sequence may claim.
  public var zeroSizedElements: Int

  public init(depth: Int = 64, values: Int = 1 << 20, zeroSizedElements: Int = 256) {
    self.depth = depth
    self.values = values
    self.zeroSizedElements = zeroSizedElements
  }

  public static let standard = ScaleLimits()
}
