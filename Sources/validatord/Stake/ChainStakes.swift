import LibP2P
import Logging
import Protocols
import Substrate
import Synchronization

/// Proof of stake on chain, as the protocols between peers ask for it: one for the process, however many protocols
/// and gates share it (D-7).
final class ChainStakes: StakeVerifier {
  /// How long a peer that was proven is believed when the chain does not answer.
  static let grace = Duration.seconds(120)
  /// Revocations that may wait for a slow listener before its stream is ended.
  static let revocationBacklog = 1024

  private struct State {
    var proofs: [Protocols.NodeClass: ProofOfStake] = [:]
    var forwarders: [Task<Void, Never>] = []
    var listeners: [UInt64: AsyncStream<PeerID>.Continuation] = [:]
    var nextListener: UInt64 = 0
  }

  private let subnetID: UInt32
  private let source: any StakeSource
  private let grace: Duration
  private let logger: Logger
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// - Parameters:
  ///   - source: asks the chain; shared by all classes.
  ///   - grace: how long a peer that was proven is believed when the chain does not answer; zero for never (D-8).
  init(
    subnet subnetID: UInt32, source: any StakeSource, grace: Duration = ChainStakes.grace,
    logger: Logger = Logger(label: "validatord.stake"),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.subnetID = subnetID
    self.source = source
    self.grace = grace
    self.logger = logger
    self.now = now
  }

  deinit {
    state.withLock { state in
      for forwarder in state.forwarders { forwarder.cancel() }
      for listener in state.listeners.values { listener.finish() }
    }
  }

  func standing(of peer: PeerID, atLeast minimum: Protocols.NodeClass) async -> Standing {
    standing(await proof(of: minimum).verdict(peer.description))
  }

  func standing(ofStranger peer: PeerID, atLeast minimum: Protocols.NodeClass) async -> Standing {
    standing(await proof(of: minimum).verdict(peer.description, isStranger: true))
  }

  private func standing(_ verdict: StakeVerdict) -> Standing {
    switch verdict {
    case .staked: return .staked
    case .notStaked: return .notStaked
    case .unknown(let unknown):
      if let ago = unknown.provenAgo, ago < grace { return .staked }
      return .unknown(unknown.reason)
    }
  }

  func revocations() -> AsyncStream<PeerID> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: PeerID.self, bufferingPolicy: .bufferingOldest(Self.revocationBacklog))
    let number = state.withLock { state in
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return state.nextListener
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }
    return stream
  }

  /// Takes in a finalized block, in order; nil after a gap. Revocations follow from it.
  func update(_ block: BlockState?) async {
    for proof in state.withLock({ Array($0.proofs.values) }) { await proof.update(block) }
  }

  private func proof(of minimum: Protocols.NodeClass) -> ProofOfStake {
    state.withLock { state in
      if let proof = state.proofs[minimum] { return proof }
      let requirement = StakeRequirement(subnetID: subnetID, minimumClass: Substrate.NodeClass(minimum))
      let proof = ProofOfStake(.init(requirement), source: source, logger: logger, now: now)
      state.proofs[minimum] = proof
      let revocations = proof.revocations()
      state.forwarders.append(
        Task { [weak self] in
          var revocations = revocations
          repeat {
            for await revocation in revocations {
              if let peer = try? PeerID(revocation.peerID) { self?.announce(peer) }
            }
            // Some were lost: whoever listens has to look at everybody again.
            revocations = proof.revocations()
            self?.endStreams()
          } while !Task.isCancelled
        })
      return proof
    }
  }

  private func announce(_ peer: PeerID) {
    for listener in state.withLock({ Array($0.listeners.values) }) {
      if case .dropped = listener.yield(peer) { listener.finish() }
    }
  }

  private func endStreams() {
    for listener in state.withLock({ Array($0.listeners.values) }) { listener.finish() }
  }
}

extension Substrate.NodeClass {
  /// The chain's name for a class that the protocols ask for.
  fileprivate init(_ minimum: Protocols.NodeClass) {
    self =
      switch minimum {
      case .registered: .registered
      case .idle: .idle
      case .included: .included
      case .validator: .validator
      }
  }
}
