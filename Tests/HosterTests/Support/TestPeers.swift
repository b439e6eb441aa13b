import Foundation
import LibP2P
import Protocols
import Synchronization

@testable import Hoster

/// Nodes of one process and the gates between them.
struct TestPeers {
  let network = InProcessNetwork()
  let hoster: TestPeer
  let other: TestPeer
  let stakes = TableStakes()

  init() throws {
    hoster = try TestPeer(in: network)
    other = try TestPeer(in: network)
    stakes.set(hoster.id, to: .validator)
    stakes.set(other.id, to: .validator)
  }

  /// Serves inference on the hoster, behind proof of stake and signatures.
  func serve(_ service: InferenceService) throws {
    try service.servicer(as: InferenceProtocol.self).addP2PHandlers(
      to: hoster.node, gate: try hoster.gate(stakes), configuration: .quiet)
  }

  /// The hoster's procedures, for the other node or another caller.
  func stub(_ caller: TestPeer? = nil, gate: Gate? = nil) throws -> Stub<InferenceProtocol> {
    let caller = caller ?? other
    return InferenceProtocol.getServerStub(
      caller.node, hoster.id, gate: try gate ?? caller.gate(stakes), configuration: .quiet)
  }
}

/// One node with its key.
struct TestPeer {
  let identity: PrivateKey
  let node: InProcessNode
  private let memory = ReplayMemory()

  init(in network: InProcessNetwork) throws {
    identity = try PrivateKey.generate(.ed25519)
    node = network.join(as: identity.peerID)
  }

  var id: PeerID { identity.peerID }

  func gate(_ stakes: TableStakes) throws -> Gate {
    Gate(stake: stakes, authorizer: SignatureAuthorizer(try MessageSigner(identity), memory: memory))
  }
}

/// Stakes as the test says, in place of the chain.
final class TableStakes: StakeVerifier {
  private let classes = Mutex<[PeerID: NodeClass]>([:])

  func set(_ peer: PeerID, to nodeClass: NodeClass?) { classes.withLock { $0[peer] = nodeClass } }

  func standing(of peer: PeerID, atLeast minimum: NodeClass) -> Standing {
    classes.withLock { $0[peer].map { $0 >= minimum } ?? false } ? .staked : .notStaked
  }

  func revocations() -> AsyncStream<PeerID> { AsyncStream { _ in } }
}

extension RPCConfiguration {
  /// Logs nothing that a test provokes.
  static var quiet: RPCConfiguration {
    var configuration = RPCConfiguration()
    configuration.logger.logLevel = .critical
    return configuration
  }
}

/// Waits until `condition` holds; false if it does not within half a minute.
func eventually(within time: Duration = .seconds(30), _ condition: () async throws -> Bool) async rethrows -> Bool {
  let end = ContinuousClock.now + time
  while try await !condition() {
    guard ContinuousClock.now < end else { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}
