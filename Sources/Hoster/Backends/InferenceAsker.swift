/// Whose request it is, by which those that are computed take turns.
public struct InferenceAsker: Sendable, Hashable {
  /// The peer id as text; empty for the node's own.
  public var peer: String
  /// Lower numbers come first.
  public var priority: UInt8

  public init(peer: String, priority: UInt8) { (self.peer, self.priority) = (peer, priority) }

  /// The node itself.
  public static let node = InferenceAsker(peer: "", priority: AsyncInferenceServer.validatorPriority)
}
