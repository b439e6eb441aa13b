/// Why something is not a peer id.
public struct PeerIDError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    case text = "peer-id.text"
    case multihash = "peer-id.multihash"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }
  public var remedy: String { "A peer id reads like 12D3KooW… or Qm… in base58, or bafz… as a CID" }
}
