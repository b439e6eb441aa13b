/// What a validator has of an epoch already, as its database tells after a restart.
public struct EpochProgress: Sendable, Hashable {
  /// Whether the epoch is recorded.
  public var isOpen = false
  /// Whether all of its tensors are.
  public var hasTensors = false
  /// Whether its nodes are, which happens right before the first call.
  public var isChallengeBegun = false
  /// Whether every hoster was judged on every probe.
  public var isChallenged = false
  public var isScored = false
  /// How far the own node's duties are.
  public var duties: [Duty: DutyProgress.Step] = [:]

  public init() {}
}

/// How far the work of one epoch is.
struct EpochWork: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case idle
    case running
    case done
    /// It will not be done in this epoch.
    case skipped
  }

  /// How far one duty is.
  struct DutyWork: Sendable, Hashable {
    enum Phase: Sendable, Hashable {
      case idle
      /// It is being tried.
      case trying
      /// Signed and sent; somebody looks for it in blocks.
      case followed
      case settled
    }

    var phase = Phase.idle
    /// Why it could not be done so far.
    var reason: MissReason?
    var detail: String?
    /// The height of the last try.
    var triedAt: BlockNumber?
  }

  typealias BlockNumber = UInt64

  let epoch: UInt32
  /// Where in the epoch this process began to watch it.
  let joinedAt: EpochPosition
  /// Whether this process watched the epoch before, too.
  let isContinued: Bool
  var recalled = Step.idle
  var opened = Step.idle
  var derived = Step.idle
  var challenged = Step.idle
  var isChallengeCut = false
  var isChallengeBegun = false
  var scored = Step.idle
  var closed = Step.idle
  var duties: [Duty: DutyWork] = [:]
  /// The height at which the last action of this epoch failed; it is tried again at another.
  var failedAt: BlockNumber?

  init(epoch: UInt32, joinedAt: EpochPosition, isContinued: Bool) {
    self.epoch = epoch
    self.joinedAt = joinedAt
    self.isContinued = isContinued
  }

  mutating func recall(_ progress: EpochProgress) {
    recalled = .done
    if progress.isOpen { opened = .done }
    if progress.hasTensors { derived = .done }
    isChallengeBegun = progress.isChallengeBegun
    if progress.isChallenged { challenged = .done }
    if progress.isScored { (challenged, scored) = (.done, .done) }
    // The duties of an epoch that was over at the start are looked after when the journal is opened.
    let isOver = joinedAt.into >= joinedAt.length
    for (duty, step) in progress.duties {
      duties[duty, default: DutyWork()].phase = isOver || step == .nothing ? .settled : .idle
    }
  }

  /// A try of a duty came to nothing.
  mutating func wait(_ duty: Duty, _ reason: MissReason, _ detail: String? = nil) {
    guard var state = duties[duty], state.phase == .trying else { return }
    state.phase = .idle
    // That time ran out tells less than why it did.
    if reason != .tooLate || state.reason == nil { (state.reason, state.detail) = (reason, detail) }
    duties[duty] = state
  }

  /// Whether the window of calls may be used: a process that starts in it leaves it to those who can do it whole, unless
  /// it began before it was stopped.
  func mayChallenge(_ window: EpochWindow) -> Bool {
    isContinued || isChallengeBegun || joinedAt.canDoWhole(window)
  }
}
