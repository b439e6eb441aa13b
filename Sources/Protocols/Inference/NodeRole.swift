/// What a node does in its subnet. Foreign nodes may name roles that are none of these.
public struct NodeRole: RawRepresentable, Sendable, Hashable {
  /// It serves a model.
  public static let hoster = NodeRole(rawValue: "hoster")
  /// It serves none, and judges those that do.
  public static let validator = NodeRole(rawValue: "validator")

  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
}
