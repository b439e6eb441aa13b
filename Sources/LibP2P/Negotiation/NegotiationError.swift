/// Why two peers did not agree on a protocol.
public struct NegotiationError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable {
    /// The other side does not begin with the multistream header.
    case notMultistream = "negotiation.not-multistream"
    /// A line that multistream can't have. Behind a refused lazy proposal this is the request itself.
    case malformed = "negotiation.malformed"
    /// An answer to something that was not proposed.
    case unexpected = "negotiation.unexpected"
    /// Every proposal was refused.
    case unsupported = "negotiation.unsupported"
    /// More proposals than any peer needs.
    case tooManyProposals = "negotiation.too-many-proposals"
    /// The stream ended before a protocol was chosen.
    case closed = "negotiation.closed"
  }

  /// Which failure it is.
  public let kind: Code
  public let message: String

  package init(_ kind: Code, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .unsupported: "The peer does not speak this protocol; check that it runs the expected software"
    case .closed: "Try again; if it goes on, the peer refuses this node or speaks another protocol"
    case .notMultistream, .malformed:
      "Check that the address is that of a libp2p peer; if it is, it breaks the protocol"
    case .unexpected, .tooManyProposals: "Reset the stream; the peer breaks the protocol"
    }
  }
}
