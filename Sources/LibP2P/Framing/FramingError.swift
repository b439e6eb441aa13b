/// Why a length-prefixed message can't be read.
public struct FramingError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case varintTooLong = "framing.varint-too-long"
    case varintNotMinimal = "framing.varint-not-minimal"
    case messageTooLong = "framing.message-too-long"
    case truncated = "framing.truncated"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    "The peer breaks the protocol; close the stream, and the connection if it goes on"
  }
}
