import LibP2P

/// Whom a command speaks with: who is at an address, or a peer whose address has to be looked up.
enum PeerTarget: Sendable {
  case address(Multiaddr)
  case peer(PeerID)

  /// What the help of commands calls it.
  static let valueName = "peer"

  /// - Throws: ``MultiaddrError`` for what begins like an address, else ``PeerIDError``.
  init(_ text: String) throws {
    self = text.hasPrefix("/") ? .address(try Multiaddr(text)) : .peer(try PeerID(text))
  }

  /// The peer; nil for an address that does not say which one is there.
  var peerID: PeerID? {
    switch self {
    case .address(let address): address.peerID
    case .peer(let peer): peer
    }
  }

  /// The address to dial; nil if it has to be looked up.
  var address: Multiaddr? {
    if case .address(let address) = self { address } else { nil }
  }

  /// The target as an address, of a peer alone `/p2p/` and its id.
  var multiaddr: Multiaddr {
    get throws {
      switch self {
      case .address(let address): address
      case .peer(let peer): try Multiaddr([.p2p(peer)])
      }
    }
  }
}
