/// Which side began a connection or stream.
public enum Direction: String, Sendable {
  /// The other side did.
  case inbound
  /// This side did.
  case outbound
}
