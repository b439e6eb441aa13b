public import Substrate

/// Decides what a validator does next in an epoch: a state machine without I/O.
///
/// It is told of moments of the chain and of what became of the actions that it asked for, and answers with actions. All
/// of its time is block numbers. It holds at most two epochs, so it does not grow, and what it has forgotten after a
/// restart is in the database: ``Action/recall(_:)`` comes before everything else in an epoch.
///
/// ```
/// recall → open → derive ──── call window ────► challenge → score     evidence and scores of epoch N
///       └ first head of N+1 ─► attempt ⟲ ─► follow                    proposal or attestation of N's scores
/// ```
/// Source: spec/epoch.md §2, §8; spec/chain.md §10.
public struct DutyPipeline: Sendable {
  /// When duties are done.
  public struct Settings: Sendable, Hashable {
    public var timetable = EpochTimetable.standard
    /// No proposal after this share of the epoch, in percent: others could not attest in time.
    public var proposeUntil: UInt8 = 50
    /// No attestation after this share, in percent.
    public var attestUntil: UInt8 = 99
    /// No proposal with fewer blocks left, or a quarter of a short epoch.
    public var blocksForOthers: UInt64 = 5

    public init() {}
  }

  public enum Action: Sendable, Hashable {
    /// Read what the database has of an epoch.
    case recall(UInt32)
    /// Record the epoch.
    case open(UInt32)
    /// Derive and record the tensors, from the hash of the epoch's first block.
    case derive(UInt32, BlockHash)
    /// Call the hosters.
    case challenge(UInt32)
    /// The window of calls is over: judge by what has come.
    case endChallenge(UInt32)
    case score(UInt32)
    /// Try to do a duty at the best block.
    case attempt(Duty, UInt32)
    /// Note why a duty was not done, with particulars if there are any.
    case miss(Duty, UInt32, MissReason, String?)
    /// The epoch is over: keep what the chain has of it.
    case close(UInt32)
  }

  /// What became of an action.
  public enum Report: Sendable, Hashable {
    case recalled(UInt32, EpochProgress)
    case done(Action)
    /// To be tried again.
    case failed(Action)
    case duty(Duty, UInt32, Outcome)
  }

  /// What became of a try.
  public enum Outcome: Sendable, Hashable {
    /// Not yet, or never: the next head may change it.
    case waiting(MissReason, String? = nil)
    /// Signed and sent; it is looked for in blocks.
    case followed
    /// Nothing is left to do.
    case settled
  }

  private let settings: Settings
  private var moment: EpochMoment?
  private(set) var works: [EpochWork] = []
  /// Misses that could not be noted; they are tried again with the next head.
  private var unnoted: [Action] = []
  private static let mostUnnoted = 8

  public init(_ settings: Settings = Settings()) { self.settings = settings }

  // MARK: In

  /// Takes in the newest moment.
  public mutating func advance(to moment: EpochMoment) -> [Action] {
    // A reorganisation across an epoch's first block: the epoch comes again, with what is known of it.
    if let last = works.last, moment.epoch < last.epoch {
      self.moment = moment
      return []
    }
    let isFirst = self.moment == nil
    self.moment = moment
    if works.last?.epoch != moment.epoch { enter(moment, isFirst: isFirst) }
    defer { unnoted = [] }
    return unnoted + decide()
  }

  /// Takes in what became of an action.
  public mutating func take(_ report: Report) -> [Action] {
    switch report {
    case .recalled(let epoch, let progress): change(epoch) { $0.recall(progress) }
    case .done(let action): settle(action, as: .done)
    case .failed(let action): settle(action, as: .idle)
    case .duty(let duty, let epoch, let outcome):
      change(epoch) { work in
        switch outcome {
        case .waiting(let reason, let detail): work.wait(duty, reason, detail)
        case .followed: work.duties[duty]?.phase = .followed
        case .settled: work.duties[duty]?.phase = .settled
        }
      }
    }
    return decide()
  }

  private mutating func enter(_ moment: EpochMoment, isFirst: Bool) {
    if isFirst, moment.epoch > 0 {
      // What an earlier process has seen of the last epoch may still be scored, and proposed now.
      works.append(EpochWork(epoch: moment.epoch - 1, joinedAt: Self.end(moment), isContinued: false))
    }
    works.append(EpochWork(epoch: moment.epoch, joinedAt: moment.position, isContinued: !isFirst))
  }

  /// Behind the end of the epoch before.
  private static func end(_ moment: EpochMoment) -> EpochPosition {
    EpochPosition(epoch: moment.epoch - 1, into: moment.position.length, length: moment.position.length)
  }

  private mutating func change(_ epoch: UInt32, _ change: (inout EpochWork) -> Void) {
    if let index = works.firstIndex(where: { $0.epoch == epoch }) { change(&works[index]) }
  }

  private mutating func settle(_ action: Action, as step: EpochWork.Step) {
    let height = moment?.best.number
    func settle(_ work: inout EpochWork, _ path: WritableKeyPath<EpochWork, EpochWork.Step>) {
      work[keyPath: path] = step
      if step == .idle { work.failedAt = height }
    }
    switch action {
    case .recall(let epoch): change(epoch) { settle(&$0, \.recalled) }
    case .open(let epoch): change(epoch) { settle(&$0, \.opened) }
    case .derive(let epoch, _): change(epoch) { settle(&$0, \.derived) }
    case .challenge(let epoch): change(epoch) { settle(&$0, \.challenged) }
    case .score(let epoch): change(epoch) { settle(&$0, \.scored) }
    case .close(let epoch): change(epoch) { $0.closed = .done }
    case .attempt(let duty, let epoch):
      change(epoch) { $0.wait(duty, .chainUnreachable) }
    case .miss: if step == .idle, unnoted.count < Self.mostUnnoted { unnoted.append(action) }
    case .endChallenge: break
    }
  }

  // MARK: Out

  private mutating func decide() -> [Action] {
    guard let moment, let last = works.last, moment.epoch == last.epoch else { return [] }
    var actions: [Action] = []
    for index in works.indices {
      let isNow = works[index].epoch == moment.epoch
      actions += Self.evidence(&works[index], moment, isNow: isNow, settings)
      if works[index].recalled == .done {
        actions += isNow ? Self.duties(&works[index], moment, settings) : Self.close(&works[index])
      }
    }
    // Two epochs are enough: what is left of an older one is a challenge that was cut, or a duty that is followed.
    while works.count > 2, works[0].isChallengeCut || works[0].challenged != .running { works.removeFirst() }
    if works.count > 3 { works.removeFirst() }
    return actions
  }

  /// The work on an epoch's own evidence.
  private static func evidence(
    _ work: inout EpochWork, _ moment: EpochMoment, isNow: Bool, _ settings: Settings
  ) -> [Action] {
    var actions: [Action] = []
    func start(_ path: WritableKeyPath<EpochWork, EpochWork.Step>, _ action: Action) {
      guard work[keyPath: path] == .idle, work.failedAt != moment.best.number else { return }
      work[keyPath: path] = .running
      actions.append(action)
    }
    guard work.recalled == .done else {
      start(\.recalled, .recall(work.epoch))
      return actions
    }
    let window = settings.timetable.call
    if isNow {
      start(\.opened, .open(work.epoch))
      if work.opened == .done, let hash = moment.firstBlockHash { start(\.derived, .derive(work.epoch, hash)) }
      if work.derived == .done, moment.position.isIn(window), work.mayChallenge(window) {
        start(\.challenged, .challenge(work.epoch))
      }
    }
    if !isNow || moment.position.isPast(window) {
      if work.challenged == .idle { work.challenged = .skipped }
      if work.challenged == .running, !work.isChallengeCut {
        work.isChallengeCut = true
        actions.append(.endChallenge(work.epoch))
      }
    }
    if work.challenged == .done { start(\.scored, .score(work.epoch)) }
    return actions
  }

  /// The duties on chain in the current epoch, about the one before.
  private static func duties(_ work: inout EpochWork, _ moment: EpochMoment, _ settings: Settings) -> [Action] {
    guard let own = moment.ownNode, own.has(.validator, at: moment.epoch), let elected = moment.elected else {
      return []
    }
    let duty: Duty = elected == own.id ? .propose : .attest
    var state = work.duties[duty] ?? EpochWork.DutyWork()
    defer { work.duties[duty] = state }
    guard state.phase == .idle else { return [] }
    if isLate(duty, moment.position, settings) {
      state.phase = .settled
      let missedAll = !work.isContinued && isLate(duty, work.joinedAt, settings)
      return [.miss(duty, work.epoch, state.reason ?? (missedAll ? .notRunning : .tooLate), state.detail)]
    }
    // What is seen of a duty is recorded with its epoch.
    guard work.opened == .done, state.triedAt != moment.best.number else { return [] }
    state.triedAt = moment.best.number
    state.phase = .trying
    return [.attempt(duty, work.epoch)]
  }

  private static func isLate(_ duty: Duty, _ position: EpochPosition, _ settings: Settings) -> Bool {
    switch duty {
    case .propose:
      let needed = max(1, min(settings.blocksForOthers, position.length / 4))
      return position.remaining < needed
        || position.isPast(EpochWindow(after: nil, through: settings.proposeUntil))
    case .attest:
      return position.remaining < 1 || position.isPast(EpochWindow(after: nil, through: settings.attestUntil))
    }
  }

  private static func close(_ work: inout EpochWork) -> [Action] {
    guard work.closed == .idle else { return [] }
    work.closed = .running
    var actions: [Action] = []
    for (duty, state) in work.duties.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where state.phase == .idle || state.phase == .trying {
      work.duties[duty]?.phase = .settled
      // Another was elected meanwhile, or nothing came of it until the end.
      actions.append(.miss(duty, work.epoch, state.reason ?? .notElected, state.detail))
    }
    return actions + [.close(work.epoch)]
  }
}
