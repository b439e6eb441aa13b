/// Why a message or look-up of Kademlia fails.
public struct KademliaError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case malformed = "kad.malformed"
    case unknownType = "kad.unknown-type"
    /// The answer is to another question.
    case unexpected = "kad.unexpected"
    /// The peer closed the stream without an answer.
    case noAnswer = "kad.no-answer"
    /// The peer asks more often than a peer has reason to.
    case tooOften = "kad.too-often"
    /// Nobody in reach knows the peer.
    case notFound = "kad.not-found"
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
    switch kind {
    case .notFound: "Check the peer id, and that a bootstrap peer is reachable; or give the peer's address"
    case .malformed, .unknownType, .unexpected, .noAnswer, .tooOften:
      "The peer breaks the protocol; it is left out of look-ups"
    }
  }
}
