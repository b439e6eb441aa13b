public import Logging
import Metrics
public import ServiceLifecycle
import Synchronization

/// A hoster's duty in every epoch: answers the consensus tensor itself, in the time for commits, and keeps the answer
/// before anybody hears of it. Source: spec/epoch.md §2.
public struct OwnRunDuty: Service {
  private let moments: @Sendable () -> AsyncStream<DutyMoment>
  private let newest: @Sendable () -> DutyMoment?
  private let journal: any OwnRunJournal
  private let maximumNewTokens: Int32
  private let answer: @Sendable ([Int32], Int32) async throws -> TokenStream
  private let logger: Logger
  private let word = SharedWord()

  /// - Parameters:
  ///   - moments: a stream of the newest moment from now on, a new one each time.
  ///   - newest: the moment that it is now.
  ///   - journal: keeps the answers.
  ///   - maximumNewTokens: how many tokens the subnet asks for.
  ///   - answer: computes as for a validator; ``InferenceHoster/answerOwn(_:maximumNewTokens:)``.
  public init(
    moments: @escaping @Sendable () -> AsyncStream<DutyMoment>, newest: @escaping @Sendable () -> DutyMoment?,
    journal: any OwnRunJournal, maximumNewTokens: Int32,
    logger: Logger = Logger(label: "hoster.duty"),
    answer: @escaping @Sendable ([Int32], Int32) async throws -> TokenStream
  ) {
    self.moments = moments
    self.newest = newest
    self.journal = journal
    self.maximumNewTokens = maximumNewTokens
    self.answer = answer
    self.logger = logger
  }

  /// How the newest epoch's run is, in a few words.
  public var status: String { word.text }

  /// Does the duty until the service group shuts down.
  public func run() async throws {
    await cancelWhenGracefulShutdown { await follow() }
  }

  private func follow() async {
    var machine = OwnRunStateMachine()
    for await moment in moments() {
      // A miss of the epoch before comes first; what is due now comes with the same moment.
      while let action = machine.take(moment) {
        await perform(action, moment, &machine)
        word.text = "epoch \(machine.epoch ?? 0) \(machine.word)"
        if Task.isCancelled { return }
      }
      word.text = "epoch \(machine.epoch ?? 0) \(machine.word)"
    }
  }

  private func perform(
    _ action: OwnRunStateMachine.Action, _ moment: DutyMoment, _ machine: inout OwnRunStateMachine
  ) async {
    switch action {
    case .recover(let epoch):
      do {
        machine.recovered(epoch, isKept: try await journal.isKept(epoch))
      } catch {
        logger.error("the own answers can't be read", metadata: ["epoch": "\(epoch)", "error": "\(error)"])
        // It is tried as if there was none; keeping never replaces one.
        machine.recovered(epoch, isKept: false)
      }
    case .run(let epoch, let tokens, let node):
      do {
        let own = try await answerInTime(epoch, tokens)
        try Task.checkCancellation()
        // An answer that took until the time was over is none: nothing is dated back.
        guard let own, let now = newest(), now.epoch == epoch, now.commit == .open else {
          logger.warning(
            "the own answer takes longer than the time for commits",
            metadata: ["epoch": "\(epoch)", "began": "\(moment.block)", "ended": "\(newest()?.block ?? 0)"])
          return machine.wasLate(epoch)
        }
        try await journal.keep(own, epoch: epoch, subnetNodeID: node, block: now.block)
        machine.finished(epoch)
        count("kept")
        logger.info("the own answer is kept", metadata: ["epoch": "\(epoch)", "tokens": "\(own.count)"])
      } catch {
        machine.failed(epoch, at: moment.block)
        guard !Task.isCancelled else { return }
        logger.warning(
          "the own answer could not be computed; it is tried again",
          metadata: ["epoch": "\(epoch)", "error": "\(error)"])
      }
    case .miss(let epoch, let reason):
      count("missed")
      logger.warning(
        "there is no own answer in this epoch", metadata: ["epoch": "\(epoch)", "reason": "\(reason.rawValue)"])
      do {
        try await journal.note(reason, epoch: epoch, block: moment.block)
      } catch {
        logger.warning("the miss can't be kept", metadata: ["epoch": "\(epoch)", "error": "\(error)"])
      }
    }
  }

  private enum RunEnd: Sendable {
    case answered([Int32])
    case over
    /// Nothing more will be heard of the time.
    case unknown
  }

  /// Computes the answer, as long as there is time for it: a late one is of no use, and its place is wanted.
  ///
  /// - Returns: nil if the time was over first.
  private func answerInTime(_ epoch: UInt32, _ prompt: [Int32]) async throws -> [Int32]? {
    try await withThrowingTaskGroup(of: RunEnd.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        var own: [Int32] = []
        for try await token in try await answer(prompt, maximumNewTokens) { own.append(token) }
        try Task.checkCancellation()
        return .answered(own)
      }
      group.addTask {
        for await moment in moments() where moment.epoch > epoch || (moment.epoch == epoch && moment.commit == .over) {
          return .over
        }
        return .unknown
      }
      while let end = try await group.next() {
        switch end {
        case .answered(let own): return own
        case .over: return nil
        case .unknown: continue
        }
      }
      return nil
    }
  }

  private func count(_ outcome: String) {
    Counter(label: "hoster_own_runs_total", dimensions: [("outcome", outcome)]).increment()
  }
}

/// A text that one task writes and others read.
private final class SharedWord: Sendable {
  private let value = Mutex("no epoch was seen yet")

  var text: String {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
