public import Logging
import Metrics
import Protocols
import Synchronization

/// Calls every hoster of an epoch with its tensors, and observes what comes.
///
/// Calls run side by side under a limit. Each has a deadline and is repeated if it failed; when the window is over, what
/// is under way counts as unanswered, and what was not begun as this validator's fault.
@_spi(Testing) public final class Challenge: Sendable {
  /// One probe of one hoster.
  private struct Call: Sendable {
    let node: EpochNode
    let probe: ProbeTensor
    let tensor: Tensor
    /// Counted from 1; more after a restart.
    let attempt: UInt8
  }

  private struct State {
    var isOver = false
    var round: Task<Void, Never>?
  }

  @_spi(Testing) public let epoch: UInt32
  private let settings: ChallengeSettings
  private let caller: any ProbeCaller
  private let store: Store
  private let height: @Sendable () -> UInt64
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter height: the best block now.
  @_spi(Testing) public init(
    epoch: UInt32, settings: ChallengeSettings, caller: any ProbeCaller, store: Store, logger: Logger,
    height: @escaping @Sendable () -> UInt64
  ) {
    self.epoch = epoch
    self.settings = settings
    self.caller = caller
    self.store = store
    self.logger = logger
    self.height = height
  }

  /// The window is over: no further call begins, and those under way end.
  @_spi(Testing) public func end() {
    state.withLock { state in
      state.isOver = true
      state.round?.cancel()
    }
  }

  private var isOver: Bool { state.withLock(\.isOver) }

  /// Calls all hosters that the database has no judgement of.
  ///
  /// - Throws: ``StoreError``; `CancellationError` if the task is cancelled before the window is over: what was observed
  ///   is kept, and the rest is left for the next process.
  @_spi(Testing) public func run(_ nodes: [EpochNode], _ probes: [ProbeTensor]) async throws {
    let start = ContinuousClock.now
    let calls = try await calls(nodes, probes)
    let observations = ObservationBuffer()
    let round = Task {
      await self.callAll(calls, observations)
      observations.finish()
    }
    state.withLock { state in
      state.round = round
      if state.isOver { round.cancel() }
    }
    do {
      try await withTaskCancellationHandler {
        try await record(observations)
      } onCancel: {
        round.cancel()
      }
    } catch {
      round.cancel()
      throw error
    }
    guard isOver || !Task.isCancelled else { throw CancellationError() }
    let took = ContinuousClock.now - start
    Metrics.Timer(label: "validator_challenge_seconds").recordNanoseconds(took.nanoseconds)
    logger.info(
      "all hosters were called",
      metadata: ["epoch": "\(epoch)", "calls": "\(calls.count)", "ms": "\(took.nanoseconds / 1_000_000)"])
  }

  /// What is still to be asked.
  private func calls(_ nodes: [EpochNode], _ probes: [ProbeTensor]) async throws -> [Call] {
    struct Place: Hashable {
      let node: UInt32
      let probe: UInt16
    }
    var last: [Place: Observation] = [:]
    for observation in try await store.observations(epoch) {
      last[Place(node: observation.subnetNodeID, probe: observation.probe)] = observation
    }
    let tensors = try probes.map { ($0, try $0.tensor.tensor()) }
    return nodes.filter { $0.standing == .hoster }.flatMap { node in
      tensors.compactMap { probe, tensor in
        let known = last[Place(node: node.subnetNodeID, probe: probe.probe)]
        if let known, Self.isFinal(known, settings) { return nil }
        return Call(node: node, probe: probe, tensor: tensor, attempt: (known?.attempt ?? 0) + 1)
      }
    }
  }

  /// Whether nothing more is asked after an observation.
  static func isFinal(_ observation: Observation, _ settings: ChallengeSettings) -> Bool {
    observation.attempt >= settings.attempts || observation.attempt == .max
      || !ProbeFailure(observation.verdict, observation.reason).isWorthRetrying
  }

  // MARK: Calling

  private func callAll(_ calls: [Call], _ sink: ObservationBuffer) async {
    let slots = AsyncSlots(settings.concurrency)
    await withDiscardingTaskGroup { group in
      for call in calls { group.addTask { await self.ask(call, slots, sink) } }
    }
  }

  private func ask(_ call: Call, _ slots: AsyncSlots, _ sink: ObservationBuffer) async {
    var call = call
    while let observation = await slots.with({ await attempt(call) }) {
      sink.add(observation)
      guard !Self.isFinal(observation, settings), !Task.isCancelled else { return }
      await pause(after: observation.block)
      // What was asked once and failed is judged by that.
      guard !Task.isCancelled else { return }
      call = Call(node: call.node, probe: call.probe, tensor: call.tensor, attempt: observation.attempt + 1)
    }
  }

  /// Makes one call.
  ///
  /// - Returns: nil if the process is stopped, which leaves no word about a hoster; a window that is over does.
  private func attempt(_ call: Call) async -> Observation? {
    let reply: ProbeReply
    // A window may be over before the round that is cancelled for it exists.
    if Task.isCancelled || isOver {
      // One that was asked before is judged by that.
      guard isOver, call.attempt == 1 else { return nil }
      reply = ProbeReply(failure: ProbeFailure(.inconclusive, .ownFault, "not asked in time"))
    } else {
      do {
        reply = try await caller.ask(
          call.node.peerID, call.tensor, maximumNewTokens: settings.maximumNewTokens,
          deadline: .now + settings.callTimeout)
      } catch {
        if isOver {
          reply = ProbeReply(failure: ProbeFailure(.absent, .deadline, "no answer until the window was over"))
        } else {
          guard !Task.isCancelled else { return nil }
          reply = ProbeReply(failure: ProbeFailure(error, hasBegun: false))
        }
      }
    }
    return observe(call, reply)
  }

  /// Waits for the next block, within limits, and a little longer.
  private func pause(after block: UInt64) async {
    let end = ContinuousClock.now + settings.blockPatience
    while height() <= block, ContinuousClock.now < end, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
    }
    try? await Task.sleep(for: settings.retryPause)
  }

  private func observe(_ call: Call, _ reply: ProbeReply) -> Observation {
    var (failure, answer) = (reply.failure, Answer?.none)
    if failure == nil {
      answer = Answer(joining: reply.tensors)
      if answer == nil { failure = ProbeFailure(.crashed, .malformed, "tensors of different types") }
    }
    return Observation(
      epoch: epoch, subnetNodeID: call.node.subnetNodeID, probe: call.probe.probe, attempt: call.attempt,
      peerID: call.node.peerID, requestDigest: call.probe.digest, verdict: failure?.verdict ?? .accepted,
      reason: failure?.reason ?? .answered, detail: failure?.detail, answer: answer.map(AnswerDigest.init),
      tokenCount: UInt32(clamping: reply.tokenCount),
      firstMessage: reply.firstMessage.map { UInt64(clamping: $0.nanoseconds / 1000) },
      total: UInt64(clamping: reply.total.nanoseconds / 1000), block: height())
  }

  // MARK: Keeping

  /// Writes what was observed while the calls go on, so that a process that is killed has lost next to nothing: each
  /// observation is on the disk a ``ChallengeSettings/gathering`` and a write after its call.
  private func record(_ observations: ObservationBuffer) async throws {
    let commits = try await answersCommittedTo()
    for await _ in observations.arrivals {
      // Those that come at about the same time share a write. A task that is cancelled does not wait.
      try? await Task.sleep(for: ChallengeSettings.gathering)
      try await keep(observations.takeAll(), commits)
    }
    try await keep(observations.takeAll(), commits)
  }

  /// Writes also when the task is cancelled: what was seen is not lost.
  private func keep(_ observations: [Observation], _ commits: CommittedAnswers) async throws {
    var rest = observations.map(commits.judge)[...]
    for observation in rest {
      Counter(
        label: "validator_observations_total",
        dimensions: [("verdict", observation.verdict.rawValue), ("reason", observation.reason.rawValue)]
      ).increment()
    }
    while !rest.isEmpty {
      let (store, batch) = (store, Array(rest.prefix(ChallengeSettings.batch)))
      rest = rest.dropFirst(batch.count)
      try await Task { try await store.record(batch) }.value
    }
  }

  private func answersCommittedTo() async throws -> CommittedAnswers {
    guard let identity = try await store.identity() else { return CommittedAnswers([:]) }
    return CommittedAnswers(
      try await store.openedReveals(epoch, role: .hoster), epoch: epoch, identity: identity)
  }
}

extension Duration {
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : whole + attoseconds / 1_000_000_000
  }
}
