import LibP2P
import Protocols
import Synchronization

/// Peers that sign their calls, each by a clock of its own that the test sets.
final class SigningPeers: Sendable {
  private struct State {
    /// What clocks that were right showed, in Unix seconds, and when.
    var time = 0.0
    var shown = ContinuousClock.now
    var offsets: [UInt32: Double] = [:]
  }

  private let identities: [UInt32: PrivateKey]
  private let memories: [UInt32: ReplayMemory]
  private let state = Mutex(State())

  /// - Parameter nodes: subnet node ids.
  init(_ nodes: some Sequence<UInt32>) throws {
    identities = try Dictionary(uniqueKeysWithValues: nodes.map { ($0, try PrivateKey.generate(.ed25519)) })
    memories = identities.mapValues { _ in ReplayMemory() }
  }

  func identity(_ node: UInt32) -> PrivateKey? { identities[node] }

  func peer(_ node: UInt32) -> PeerID? { identities[node]?.peerID }

  /// Every call and answer is signed, and refused if it is not.
  func gate(_ node: UInt32) throws -> Gate {
    guard let identity = identities[node], let memory = memories[node] else { return .insecure() }
    let signer = try MessageSigner(identity, clock: { self.time(of: node) })
    return .insecure(SignatureAuthorizer(signer, memory: memory))
  }

  /// What the clock of a node shows.
  func time(of node: UInt32) -> Double {
    state.withLock { state in
      state.time + (ContinuousClock.now - state.shown) / .seconds(1) + state.offsets[node, default: 0]
    }
  }

  /// It is this time now, by clocks that are right.
  func pass(to time: Double) { state.withLock { ($0.time, $0.shown) = (time, .now) } }

  /// Sets the clock of a node.
  ///
  /// - Parameter offset: seconds ahead of the right time.
  func set(_ node: UInt32, by offset: Double) { state.withLock { $0.offsets[node] = offset } }
}
