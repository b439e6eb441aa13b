import Logging
import Metrics
import Protocols
import Synchronization

/// Calls every hoster of an epoch with its tensors, and observes what comes.
///
/// Calls run side by side under a limit. Each has a deadline and is repeated if it failed; when the window is over, what
/// is under way counts as unanswered, and what was not begun as this validator's fault.
final class Challenge: Sendable {
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

  let epoch: UInt32
  private let settings: ChallengeSettings
  private let caller: any ProbeCaller
  private let store: Store
  private let height: @Sendable () -> UInt64
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter height: the best block now.
  init(
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
  func end() {
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
  func run(_ nodes: [EpochNode], _ probes: [ProbeTensor]) async throws {
    let start = ContinuousClock.now
    let calls = try await calls(nodes, probes)
    let (observations, sink) = AsyncStream.makeStream(of: Observation.self)
    let round = Task {
      await self.callAll(calls, sink)
      sink.finish()
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

  private func callAll(_ calls: [Call], _ sink: AsyncStream<Observation>.Continuation) async {
    let slots = AsyncSlots(settings.concurrency)
    await withDiscardingTaskGroup { group in
      for call in calls { group.addTask { await self.ask(call, slots, sink) } }
    }
  }

  private func ask(_ call: Call, _ slots: AsyncSlots, _ sink: AsyncStream<Observation>.Continuation) async {
    var call = call
    while let observation = await slots.with({ await attempt(call) }) {
      sink.yield(observation)
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
    if Task.isCancelled {
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

  private func record(_ observations: AsyncStream<Observation>) async throws {
    let commits = try await answersCommittedTo()
    var batch: [Observation] = []
    for await observation in observations {
      let observation = commits.judge(observation)
      Counter(
        label: "validator_observations_total",
        dimensions: [("verdict", observation.verdict.rawValue), ("reason", observation.reason.rawValue)]
      ).increment()
      batch.append(observation)
      guard batch.count >= ChallengeSettings.batch else { continue }
      try await keep(batch)
      batch = []
    }
    try await keep(batch)
  }

  /// Writes also when the task is cancelled: what was seen is not lost.
  private func keep(_ batch: [Observation]) async throws {
    guard !batch.isEmpty else { return }
    let store = store
    try await Task { try await store.record(batch) }.value
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
