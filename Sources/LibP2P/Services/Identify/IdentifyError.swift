/// Why a peer's word about itself is not taken.
public struct IdentifyError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case malformed = "identify.malformed"
    case tooLong = "identify.too-long"
    case peerMismatch = "identify.peer-mismatch"
    /// The signed peer record is unsound.
    case record = "identify.record"
    /// The peer closed the stream without a message.
    case missing = "identify.missing"
    /// The peer asks or pushes more often than a peer has reason to.
    case tooOften = "identify.too-often"
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
    "The peer breaks the identify protocol; nothing it said was taken over"
  }
}
