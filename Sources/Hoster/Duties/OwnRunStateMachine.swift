/// When a hoster computes its own answer to the epoch's consensus tensor: once in each epoch, in the time for it, again
/// with a later block if that fails. Without I/O and clocks; time is the chain's. Source: spec/epoch.md §2.
struct OwnRunStateMachine {
  /// What has to be done.
  enum Action: Sendable, Hashable {
    /// Look whether the answer was kept before a restart.
    case recover(epoch: UInt32)
    /// Compute the answer and keep it.
    case run(epoch: UInt32, tokens: [Int32], subnetNodeID: UInt32)
    /// Tell that the epoch's answer was not computed in time.
    case miss(epoch: UInt32, OwnRunMiss)
  }

  private enum State: Hashable {
    case unknown
    case waiting(OwnRunMiss)
    case kept
    case missed(OwnRunMiss)
  }

  private(set) var epoch: UInt32?
  private var state = State.kept
  /// The block of the last attempt that failed.
  private var failedAt: UInt64?

  /// Takes in a moment, and says what has to be done now.
  mutating func take(_ moment: DutyMoment) -> Action? {
    if moment.epoch != epoch {
      // What is past is past: one that is skipped was never begun here.
      if let epoch, moment.epoch < epoch { return nil }
      let missed = missOfCurrent()
      epoch = moment.epoch
      (state, failedAt) = (.unknown, nil)
      if let missed { return missed }
    }
    switch state {
    case .kept, .missed: return nil
    case .unknown: return .recover(epoch: moment.epoch)
    case .waiting(.late): return over(moment)
    case .waiting(let reason):
      guard let node = moment.subnetNodeID else {
        state = .waiting(.noNode)
        return over(moment)
      }
      guard let tokens = moment.consensusTokens else {
        state = .waiting(reason == .failed ? .failed : .noTensor)
        return over(moment)
      }
      guard moment.commit == .open else { return over(moment) }
      guard failedAt.map({ $0 < moment.block }) ?? true else { return nil }
      return .run(epoch: moment.epoch, tokens: tokens, subnetNodeID: node)
    }
  }

  /// The journal was asked for the answer of an epoch.
  mutating func recovered(_ epoch: UInt32, isKept: Bool) {
    guard epoch == self.epoch, state == .unknown else { return }
    state = isKept ? .kept : .waiting(.noTime)
  }

  /// The answer was computed and kept.
  mutating func finished(_ epoch: UInt32) {
    if epoch == self.epoch { state = .kept }
  }

  /// It was not.
  ///
  /// - Parameter block: the newest block when it began.
  mutating func failed(_ epoch: UInt32, at block: UInt64) {
    guard epoch == self.epoch else { return }
    (state, failedAt) = (.waiting(.failed), block)
  }

  /// It was computed when the time for it was over: nothing is dated back, and there is no second try.
  mutating func wasLate(_ epoch: UInt32) {
    guard epoch == self.epoch, case .waiting = state else { return }
    state = .waiting(.late)
  }

  /// How the epoch's run is, in a word.
  var word: String {
    switch state {
    case .unknown: "begins"
    case .waiting(let reason): "waits: \(reason.rawValue)"
    case .kept: "kept"
    case .missed(let reason): "missed: \(reason.rawValue)"
    }
  }

  private mutating func over(_ moment: DutyMoment) -> Action? {
    guard moment.commit == .over, case .waiting(let reason) = state else { return nil }
    state = .missed(reason)
    return .miss(epoch: moment.epoch, reason)
  }

  private mutating func missOfCurrent() -> Action? {
    guard let epoch, case .waiting(let reason) = state else { return nil }
    return .miss(epoch: epoch, reason)
  }
}

/// Why a hoster has no answer of its own in an epoch; the raw value is the stable reason.
public enum OwnRunMiss: String, Sendable, Hashable, CaseIterable {
  /// The node began too late in the epoch, or saw none of its blocks in time.
  case noTime = "no-time"
  /// The peer is no node of the subnet.
  case noNode = "no-node"
  /// The consensus tensor was not known in time.
  case noTensor = "no-tensor"
  /// It could not be computed or kept.
  case failed
  /// It was computed, but longer than the time for it lasted.
  case late
}
