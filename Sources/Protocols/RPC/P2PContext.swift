public import LibP2P

/// What is known of one call before its first message: who is at the other end and what is called.
///
/// The same on both sides: `local` is this node, `remote` the peer that the secure channel authenticated.
public struct P2PContext: Sendable, Hashable {
  /// Which part this node plays in the call.
  public enum Role: String, Sendable {
    /// It asked.
    case client
    /// It is asked.
    case servicer
  }

  /// `Class.rpc_method`, or `namespace::Class.rpc_method`: the libp2p protocol id (mesh-wire.md §2.1).
  public let handleName: String
  /// This node.
  public let localID: PeerID
  /// The authenticated peer at the other end. Nothing inside a message may say otherwise.
  public let remoteID: PeerID
  /// Which side this is.
  public let role: Role
  private let provenKey: PublicKey?

  /// - Parameter remoteKey: the key that the secure channel proved; nil if only the id is known.
  public init(
    handleName: String, localID: PeerID, remoteID: PeerID, remoteKey: PublicKey? = nil, role: Role
  ) {
    self.handleName = handleName
    self.localID = localID
    self.remoteID = remoteID
    self.role = role
    provenKey = remoteKey
  }

  /// The key behind ``remoteID``; nil for an RSA peer of whom only the id is known.
  public var remoteKey: PublicKey? { provenKey ?? remoteID.publicKey }
}
