import Foundation
import LibP2P
import Synchronization

@testable import Protocols

/// A node whose clock and nonces the test sets.
final class TestNode: Sendable {
  let identity: PrivateKey
  let memory: ReplayMemory
  private let state: Mutex<(now: Double, nonce: [UInt8]?)>

  init(_ identity: PrivateKey, now: Double = 1_760_000_000.125, nonce: [UInt8]? = nil, capacity: Int = 1 << 20) {
    self.identity = identity
    memory = ReplayMemory(capacity: capacity)
    state = Mutex((now, nonce))
  }

  convenience init(_ name: String, now: Double = 1_760_000_000.125, nonce: [UInt8]? = nil) throws {
    self.init(try MeshVectors.identity(name), now: now, nonce: nonce)
  }

  static func random() throws -> TestNode { TestNode(try PrivateKey.generate(.ed25519)) }

  var id: PeerID { identity.peerID }

  func set(now: Double) { state.withLock { $0.now = now } }

  var signer: MessageSigner {
    get throws {
      try MessageSigner(
        identity, clock: { self.state.withLock(\.now) },
        random: { count in
          self.state.withLock(\.nonce) ?? (0..<count).map { _ in UInt8.random(in: .min ... .max) }
        })
    }
  }

  var authorizer: SignatureAuthorizer { get throws { SignatureAuthorizer(try signer, memory: memory) } }

  /// This node's side of a call.
  func context(
    _ role: P2PContext.Role, with peer: PeerID, key: PublicKey? = nil
  ) -> P2PContext {
    P2PContext(
      handleName: "DHTProtocol.rpc_ping", localID: id, remoteID: peer, remoteKey: key, role: role)
  }

  /// This node calls.
  func calls(_ other: TestNode, by authorizer: (any Authorizer)? = nil) async throws -> any CallAuthorization {
    try await (authorizer ?? self.authorizer).authorize(
      context(.client, with: other.id, key: other.identity.publicKey))
  }

  /// This node is called.
  func serves(_ other: TestNode, by authorizer: (any Authorizer)? = nil) async throws -> any CallAuthorization {
    try await (authorizer ?? self.authorizer).authorize(context(.servicer, with: other.id))
  }
}
