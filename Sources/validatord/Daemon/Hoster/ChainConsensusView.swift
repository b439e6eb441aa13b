import Hoster
import LibP2P
import Protocols
import Validator

/// The epoch as a hoster sees it on chain: the tensor, the windows, who may ask for the answer.
struct ChainConsensusView: ConsensusView {
  /// How long a request may wait for the block with which the time of commits is over; the live chain has one in 6 s.
  static let patience = Duration.seconds(8)

  private let feed: EpochFeed
  private let stakes: ChainStakes
  private let settings: EpochSettings
  private let commitWindow: EpochWindow

  init(_ chain: DaemonChain, epoch settings: EpochSettings) {
    feed = chain.feed
    stakes = chain.stakes
    self.settings = settings
    commitWindow = EpochWindow(
      after: UInt8(clamping: settings.commitFrom), through: UInt8(clamping: settings.commitUntil))
  }

  func epoch() async -> EpochView? {
    guard let moment = feed.moment else { return nil }
    return EpochView(
      number: moment.epoch, consensusTokens: tokens(of: moment), isCommitOver: moment.position.isPast(commitWindow),
      elected: moment.electedNode.flatMap { try? PeerID($0.peer.peerID) })
  }

  func isValidator(_ peer: PeerID, in epoch: UInt32) async -> Bool {
    await stakes.standing(of: peer, atLeast: .validator) == .staked
  }

  func isCommitOverSoon(in epoch: UInt32) async -> Bool {
    guard let moment = feed.moment, moment.epoch == epoch else { return false }
    if moment.position.isPast(commitWindow) { return true }
    // Only the last block before the end is soon.
    guard moment.position.into == commitWindow.places(of: moment.position.length)?.upperBound else { return false }
    return await withTaskGroup(of: Bool.self) { [feed, commitWindow] group in
      group.addTask {
        for await moment in feed.moments() {
          if moment.epoch != epoch { return false }
          if moment.position.isPast(commitWindow) { return true }
        }
        return false
      }
      group.addTask {
        try? await Task.sleep(for: Self.patience)
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }

  // MARK: Duties

  /// The moment that it is now, as the duties see it.
  var dutyMoment: DutyMoment? { feed.moment.map(dutyMoment) }

  /// Each moment from the newest on, as the duties see it.
  func dutyMoments() -> AsyncStream<DutyMoment> {
    let (stream, continuation) = AsyncStream.makeStream(of: DutyMoment.self, bufferingPolicy: .bufferingNewest(1))
    let moments = feed.moments()
    let task = Task {
      for await moment in moments { continuation.yield(dutyMoment(moment)) }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  private func dutyMoment(_ moment: EpochMoment) -> DutyMoment {
    let phase: WindowPhase =
      if moment.position.isIn(commitWindow) { .open } else if moment.position.isPast(commitWindow) { .over } else {
        .ahead
      }
    return DutyMoment(
      epoch: moment.epoch, block: moment.best.number, commit: phase, consensusTokens: tokens(of: moment),
      subnetNodeID: moment.ownNode?.id)
  }

  /// The token ids of the consensus tensor, once the epoch's first block is final.
  private func tokens(of moment: EpochMoment) -> [Int32]? {
    guard let hash = moment.firstBlockHash else { return nil }
    return ConsensusTensor(
      genesisHash: feed.identity.genesisHash.bytes, subnetID: feed.identity.subnetID, epoch: moment.epoch,
      firstBlockHash: hash.bytes, vocabulary: settings.vocabulary, length: settings.promptLength
    )?.tokens.map { Int32(truncatingIfNeeded: $0) }
  }
}
