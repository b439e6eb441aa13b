/// Why a ping failed.
public struct PingError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// Something else came back than was sent.
    case mismatch = "ping.mismatch"
    /// The peer ended the stream instead of answering.
    case closed = "ping.closed"
    /// The peer pings on more streams than are served.
    case tooMany = "ping.too-many-streams"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }
  public var remedy: String { "The peer breaks the ping protocol; check its software" }
}
