import LibP2P
import Substrate

/// A node of the local network: what it is called, what it does, and its identity.
struct DevNetNode: Sendable {
  enum Role: String, Sendable, CaseIterable {
    /// Knows peers, and has no stake.
    case bootnode
    /// Serves the model that the others serve, too.
    case hoster
    /// Serves another model: its program is that of the honest ones.
    case liar
    /// Is stopped as soon as it is ready, and never answers.
    case silent
    case validator

    var isHoster: Bool { self == .hoster || self == .liar || self == .silent }
  }

  /// Also the name of its folder, and of its log.
  let name: String
  let role: Role
  /// On chain; nil for the bootnode.
  let id: UInt32?
  let peerKey: PrivateKey
  /// Nil for the bootnode.
  let hotkey: AccountKey?
  let coldkey: AccountKey?
  let address: Multiaddr

  init(_ name: String, _ role: Role, id: UInt32?, port: UInt16) throws {
    self.name = name
    self.role = role
    self.id = id
    peerKey = try PrivateKey.generate(.ed25519)
    hotkey = id == nil ? nil : try AccountKey.generate()
    coldkey = id == nil ? nil : try AccountKey.generate()
    address = try Multiaddr("/ip4/127.0.0.1/tcp/\(port)")
  }

  /// How others reach it.
  var fullAddress: Multiaddr {
    get throws { try address.withPeer(peerKey.peerID) }
  }

  /// As the chain stores it.
  var peerInfo: PeerInfo {
    get throws { PeerInfo(peerID: peerKey.peerID.description, multiaddr: try fullAddress.bytes) }
  }
}
