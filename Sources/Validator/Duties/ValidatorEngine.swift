public import Foundation
public import Logging
public import ServiceLifecycle
public import Substrate
import Synchronization

/// The validator's work, epoch after epoch: derives the tensor, calls the hosters, scores them, and proposes or attests.
///
/// ``DutyPipeline`` decides; this carries out what it decides. All that has to survive is in the database before it has
/// an effect elsewhere, so the process may be killed at any moment.
public final class ValidatorEngine: Service {
  /// What the engine works with.
  public struct Parts: Sendable {
    public var feed: EpochFeed
    public var subnet: LiveSubnet
    public var store: Store
    public var caller: any ProbeCaller
    /// Signs with the hotkey; should list ``Substrate/HypertensorCall/consensusDuties`` only.
    public var signer: Signer
    public var policy: any ScoringPolicy
    /// Where the evidence for scores comes from.
    public var agreement: any AgreementSource
    /// The time of day that calls are signed with, in Unix seconds.
    public var time: @Sendable () -> Double

    public init(
      feed: EpochFeed, subnet: LiveSubnet, store: Store, caller: any ProbeCaller, signer: Signer,
      policy: any ScoringPolicy = AgreementPolicy(), agreement: (any AgreementSource)? = nil,
      time: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
      self.feed = feed
      self.subnet = subnet
      self.store = store
      self.caller = caller
      self.signer = signer
      self.policy = policy
      self.agreement = agreement ?? OwnView(store)
      self.time = time
    }
  }

  enum Input: Sendable {
    case moment(EpochMoment)
    case report(DutyPipeline.Report)
    /// Nothing may be done any more.
    case failure(any Error)
    case over
  }

  private struct State {
    var challenges: [UInt32: Challenge] = [:]
    /// The newest epochs whose window of calls is over; a challenge may be on its way to its first call then.
    var endedChallenges: Set<UInt32> = []
    /// What is looked for in blocks.
    var followed: Set<DutyKey> = []
    var health: NodeHealth?
    /// How far this machine's clock was ahead of the chain's when that could last be told.
    var clockOffset: Double?
    var lastScored: UInt32?
    var storeFailure: StoreError?
  }

  let parts: Parts
  let settings: Settings
  let duties: ConsensusDuties
  let clock: ClockWatch
  let metrics = ValidatorMetrics()
  let logger: Logger
  private let state = Mutex(State())

  public convenience init(
    _ parts: Parts, _ settings: Settings, logger: Logger = Logger(label: "validator")
  ) {
    self.init(parts, settings, journal: SubmissionJournal(parts.store), logger: logger)
  }

  /// With a journal that tells of its steps; for tests that end the process there.
  @_spi(Testing) public init(
    _ parts: Parts, _ settings: Settings, journal: SubmissionJournal, logger: Logger = Logger(label: "validator")
  ) {
    self.parts = parts
    self.settings = settings
    self.logger = logger
    clock = ClockWatch(parts.subnet, parts.feed, now: parts.time)
    duties = ConsensusDuties(
      parts.subnet, store: parts.store, journal: journal, signer: parts.signer, settings: settings.duties,
      logger: logger)
  }

  /// The newest look at the own node; nil before the first.
  public var health: NodeHealth? { state.withLock(\.health) }

  /// The newest epoch that this process has scored.
  public var lastScored: UInt32? { state.withLock(\.lastScored) }

  /// Why the database could not be used in this epoch; nil if it could. Nothing is signed that can't be recorded.
  public var storeFailure: StoreError? { state.withLock(\.storeFailure) }

  /// Works until the service group shuts down or the task is cancelled.
  ///
  /// - Throws: ``ProtectionError`` `protection.hold` if another signer has the key; ``StoreError`` for a database of
  ///   another subnet, or one that is damaged. One that only can't be written now is tried again (``storeFailure``).
  public func run() async throws {
    try await parts.store.bind(to: parts.subnet.identity)
    try await duties.demandRelease()
    do {
      try await cancelWhenGracefulShutdown { try await self.work() }
    } catch is CancellationError {}
  }

  private func work() async throws {
    let (inputs, sink) = AsyncStream.makeStream(of: Input.self)
    var settings = DutyPipeline.Settings()
    (settings.timetable, settings.proposeUntil) = (self.settings.timetable, self.settings.duties.proposeUntil)
    var pipeline = DutyPipeline(settings)
    try await withThrowingDiscardingTaskGroup { group in
      defer { group.cancelAll() }
      group.addTask {
        for await moment in self.parts.feed.moments() { sink.yield(.moment(moment)) }
        sink.yield(.over)
      }
      var newest: EpochMoment?
      for await input in inputs {
        let actions: [DutyPipeline.Action]
        switch input {
        case .over: return
        case .failure(let error): throw error
        case .moment(let moment):
          if newest == nil { group.addTask { await self.goOn(before: moment, sink) } }
          newest = moment
          actions = pipeline.advance(to: moment)
        case .report(let report): actions = pipeline.take(report)
        }
        guard let moment = newest else { continue }
        for action in actions { group.addTask { await self.carryOut(action, moment, sink) } }
      }
    }
  }

  // MARK: State

  /// Epochs whose ends are remembered; no more are worked on at a time.
  private static let rememberedEnds = 4

  /// Keeps the challenge of an epoch, so that it can be ended; one whose window is over already is ended at once.
  func begin(_ challenge: Challenge) {
    let isOver = state.withLock { state in
      state.challenges[challenge.epoch] = challenge
      return state.endedChallenges.contains(challenge.epoch)
    }
    if isOver { challenge.end() }
  }

  func endChallenge(_ epoch: UInt32) {
    state.withLock { state in
      state.endedChallenges.insert(epoch)
      if state.endedChallenges.count > Self.rememberedEnds, let oldest = state.endedChallenges.min() {
        state.endedChallenges.remove(oldest)
      }
      return state.challenges[epoch]
    }?.end()
  }

  func forgetChallenge(_ epoch: UInt32) { state.withLock { $0.challenges[epoch] = nil } }

  /// - Returns: false if somebody follows the duty already.
  func beginFollowing(_ duty: DutyKey) -> Bool { state.withLock { $0.followed.insert(duty).inserted } }

  func endFollowing(_ duty: DutyKey) { state.withLock { _ = $0.followed.remove(duty) } }

  func note(_ failure: StoreError?) { state.withLock { $0.storeFailure = failure } }

  /// Keeps how far this machine's clock is off, and tells when that comes to mean something else.
  func noteClock(_ offset: Double) {
    let grade = ClockWatch.Grade(offset)
    let last = state.withLock { state in
      state.health?.clockOffset = offset
      defer { state.clockOffset = offset }
      return state.clockOffset.map(ClockWatch.Grade.init) ?? .right
    }
    metrics.clock(offset, isWrong: grade == .wrong)
    guard grade != last else { return }
    let error = EpochError.clock(offset)
    switch grade {
    case .right: logger.notice("this machine's clock agrees with the chain's again")
    case .drifting: logger.warning("\(error.message)", metadata: ["remedy": "\(error.remedy)"])
    case .wrong: logger.error("\(error.message): peers refuse its calls", metadata: ["remedy": "\(error.remedy)"])
    }
  }

  /// Keeps a look at the own node with what is known of the clock, and says what is alarming in it.
  func note(_ health: NodeHealth) -> (health: NodeHealth, alarms: [NodeHealth.Alarm]) {
    var health = health
    let last = state.withLock { state in
      health.clockOffset = state.clockOffset
      defer { state.health = health }
      return state.health
    }
    return (health, health.alarms(since: last))
  }

  func noteScored(_ epoch: UInt32) {
    state.withLock { $0.lastScored = epoch }
    metrics.scored(epoch)
  }
}
