public import LibP2P
import Synchronization

/// Peers of one process that reach each other without sockets, for tests of protocols.
///
/// Streams end, abort, block and cancel as those of ``P2PHost`` do. Nothing is encrypted and nobody's identity is
/// proved: a node is whom it joins as.
public final class InProcessNetwork: Sendable {
  private let nodes = Mutex<[PeerID: InProcessNode]>([:])

  public init() {}

  /// Adds a node, in place of an earlier one with this id.
  public func join(as peer: PeerID) -> InProcessNode {
    let node = InProcessNode(peerID: peer, network: self)
    nodes.withLock { $0[peer] = node }
    return node
  }

  /// Takes a node away: it can't be called any more. Its streams go on.
  public func leave(_ peer: PeerID) { nodes.withLock { $0[peer] = nil } }

  func node(_ peer: PeerID) -> InProcessNode? { nodes.withLock { $0[peer] } }
}
