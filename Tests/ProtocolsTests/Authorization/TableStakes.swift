import LibP2P
import Protocols
import Synchronization

/// Stakes as the test says, in place of the chain. Peers that it does not name have none.
final class TableStakes: StakeVerifier {
  private struct State {
    var standings: [PeerID: (class: NodeClass, standing: Standing)] = [:]
    var watchers: [AsyncStream<PeerID>.Continuation] = []
    var questions = 0
    var strangers: [PeerID] = []
  }

  private let state = Mutex(State())

  init(staked: [PeerID] = [], class nodeClass: NodeClass = .validator) {
    state.withLock { state in
      for peer in staked { state.standings[peer] = (nodeClass, .staked) }
    }
  }

  /// How often a standing was asked for.
  var questions: Int { state.withLock(\.questions) }

  /// Who was asked about as a stranger.
  var strangers: [PeerID] { state.withLock(\.strangers) }

  /// How many listen for revocations.
  var watchers: Int { state.withLock(\.watchers.count) }

  /// Ends the streams of revocations, as one does that falls behind.
  func endRevocations() {
    let watchers = state.withLock { state in
      defer { state.watchers = [] }
      return state.watchers
    }
    for watcher in watchers { watcher.finish() }
  }

  func set(_ peer: PeerID, _ standing: Standing, class nodeClass: NodeClass = .validator) {
    state.withLock { $0.standings[peer] = (nodeClass, standing) }
  }

  /// Takes the stake away and says so.
  func revoke(_ peer: PeerID) {
    state.withLock { $0.standings[peer] = nil }
    announce(peer)
  }

  /// Says that the peer lost something.
  func announce(_ peer: PeerID) { for watcher in state.withLock(\.watchers) { watcher.yield(peer) } }

  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing {
    state.withLock { state in
      state.questions += 1
      guard let known = state.standings[peer] else { return .notStaked }
      return known.standing == .staked && known.class < minimum ? .notStaked : known.standing
    }
  }

  func standing(ofStranger peer: PeerID, atLeast minimum: NodeClass) async -> Standing {
    state.withLock { $0.strangers.append(peer) }
    return await standing(of: peer, atLeast: minimum)
  }

  func revocations() -> AsyncStream<PeerID> {
    let (stream, continuation) = AsyncStream.makeStream(of: PeerID.self)
    state.withLock { $0.watchers.append(continuation) }
    return stream
  }
}
