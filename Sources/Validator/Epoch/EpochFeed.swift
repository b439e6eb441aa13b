public import Logging
import Metrics
public import ServiceLifecycle
public import Substrate
import Synchronization

/// Follows the chain's heads and tells where in the subnet's epoch it is, and who is in it.
///
/// Everybody who asks gets the newest ``EpochMoment``; a slow listener misses those between. What is read belongs to one
/// block; it is read again after a reorganisation. While the chain can't be read, the last moment stands, the log says so,
/// and ``status`` tells since when.
public final class EpochFeed: Service {
  /// When silence of the chain is told, and when it ends the program.
  public struct Patience: Sendable, Hashable {
    /// Without a new best block.
    public var notice: Duration = .seconds(60)
    /// Without a new final block; nil for ever.
    public var end: Duration? = .seconds(1800)

    public init() {}
  }

  /// How it goes.
  public struct Status: Sendable {
    /// The last that was seen of the epoch; nil before the subnet's first one.
    public let moment: EpochMoment?
    /// Since when there is no new best block.
    public let bestSince: ContinuousClock.Instant
    /// The newest best block, which came at ``bestSince``; nil for the first one, which was there before.
    let arrived: BlockReference?
    /// Since when there is no new final block.
    public let finalSince: ContinuousClock.Instant
    /// Why the chain can't be read now; nil if it can.
    public let failure: String?
    /// Whether the chain can be read and has no epoch for the subnet: it is unknown, or not active yet.
    public let isWaiting: Bool
  }

  private struct State {
    var tracker: EpochTracker
    var heads: ChainHeads?
    var bestSince: ContinuousClock.Instant
    var arrived: BlockReference?
    var finalSince: ContinuousClock.Instant
    var failure: String?
    var isWaiting = false
    var isNoticed = false
    var foreignAnswers = 0
    var listeners: [UInt64: AsyncStream<EpochMoment>.Continuation] = [:]
    var nextListener: UInt64 = 0
  }

  /// Answers in a row that name another chain, before they are believed; one may be a single endpoint's.
  static let foreignAnswers = 5

  private let chain: any SubnetChain
  private let patience: Patience
  private let now: @Sendable () -> ContinuousClock.Instant
  private let logger: Logger
  private let state: Mutex<State>
  private let bestGauge = Gauge(label: "epoch_best_block")
  private let finalGauge = Gauge(label: "epoch_final_block")
  private let epochGauge = Gauge(label: "epoch_number")
  private let failures = Counter(label: "epoch_read_failures_total")

  /// - Parameter ownPeer: this program's peer id, as the chain has it; nil for an onlooker.
  public init(
    _ chain: any SubnetChain, ownPeer: String?, patience: Patience = Patience(),
    logger: Logger = Logger(label: "validator.epoch"),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.chain = chain
    self.patience = patience
    self.logger = logger
    self.now = now
    state = Mutex(State(tracker: EpochTracker(ownPeer: ownPeer), bestSince: now(), finalSince: now()))
  }

  /// Which subnet of which chain it follows.
  public var identity: SubnetIdentity { chain.identity }

  /// The newest moment; nil before the subnet's first epoch.
  public var moment: EpochMoment? { state.withLock(\.tracker.moment) }

  /// The first best block that was seen.
  public var firstSeen: BlockReference? { state.withLock(\.tracker.firstSeen) }

  public var status: Status {
    state.withLock { state in
      Status(
        moment: state.tracker.moment, bestSince: state.bestSince, arrived: state.arrived, finalSince: state.finalSince,
        failure: state.failure, isWaiting: state.isWaiting)
    }
  }

  /// Every moment from the newest on; each listener has a stream of its own that holds one moment.
  public func moments() -> AsyncStream<EpochMoment> {
    let (stream, continuation) = AsyncStream.makeStream(of: EpochMoment.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      if let moment = state.tracker.moment { continuation.yield(moment) }
      return state.nextListener
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }
    return stream
  }

  /// Follows the chain until the service group shuts down or the task is cancelled.
  ///
  /// - Throws: ``EpochError``.
  public func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        try await self.chain.follow { try await self.look() }
      }
    } catch is CancellationError {}
    let listeners = state.withLock { state in
      defer { state.listeners = [:] }
      return state.listeners.values
    }
    for listener in listeners { listener.finish() }
  }

  /// Looks at the chain once.
  ///
  /// - Throws: ``EpochError``; `CancellationError`. Other failures are noted.
  func look() async throws {
    do {
      let heads = try await chain.heads()
      noteHeads(heads)
      if state.withLock({ $0.tracker.isNews(heads) || $0.failure != nil }) { try await read(heads) }
      state.withLock { ($0.failure, $0.foreignAnswers) = (nil, 0) }
    } catch let error as CancellationError {
      throw error
    } catch {
      guard !Task.isCancelled else { throw CancellationError() }
      try note(error)
    }
    try checkSilence()
  }

  private func read(_ heads: ChainHeads) async throws {
    guard let blocks = try await chain.clock(at: heads.best) else { return wait(heads, "the subnet is not active") }
    let clock = EpochClock(blocks)
    guard let position = clock.position(of: heads.best.number) else {
      return wait(heads, "the subnet's first epoch has not begun")
    }
    let tracker = state.withLock(\.tracker)
    var roster: SubnetRoster?
    if tracker.needsRoster(heads, clock, position) {
      roster = try await chain.roster(at: heads.best)
      guard roster != nil else { return wait(heads, "the chain has no such subnet") }
    }
    let elected = try await chain.elected(for: position.epoch, at: heads.best)
    var first: BlockReference?
    if let number = tracker.wantedHash(heads, clock, position) {
      first = BlockReference(number: number, hash: try await chain.hash(of: number, final: heads.finalized))
    }
    publish(heads, clock, position, roster: roster, elected: elected, firstBlock: first)
  }

  private func publish(
    _ heads: ChainHeads, _ clock: EpochClock, _ position: EpochPosition, roster: SubnetRoster?, elected: UInt32?,
    firstBlock: BlockReference?
  ) {
    epochGauge.record(Int64(position.epoch))
    state.withLock { state in
      state.isWaiting = false
      let moment = state.tracker.take(
        heads, clock, position, roster: roster, elected: elected, firstBlock: firstBlock)
      // In the lock, so that every listener sees the moments in their order. Yielding never blocks.
      if let moment { for listener in state.listeners.values { listener.yield(moment) } }
    }
  }

  private func wait(_ heads: ChainHeads, _ why: String) {
    let wasWaiting = state.withLock { state in
      state.tracker.takeNothing(heads)
      defer { state.isWaiting = true }
      return state.isWaiting
    }
    guard !wasWaiting else { return }
    logger.notice("waiting: \(why)", metadata: ["subnet": "\(identity.subnetID)", "block": "\(heads.best.number)"])
  }

  // MARK: Trouble

  private func noteHeads(_ heads: ChainHeads) {
    bestGauge.record(Int64(clamping: heads.best.number))
    finalGauge.record(Int64(clamping: heads.finalized.number))
    let now = now()
    let hasRecovered = state.withLock { state in
      if state.heads?.best != heads.best {
        state.bestSince = now
        state.arrived = state.heads == nil ? nil : heads.best
      }
      if state.heads?.finalized != heads.finalized { state.finalSince = now }
      state.heads = heads
      guard state.isNoticed, state.bestSince == now else { return false }
      state.isNoticed = false
      return true
    }
    if hasRecovered { logger.notice("the chain goes on", metadata: ["block": "\(heads.best.number)"]) }
  }

  private func note(_ error: any Error) throws {
    failures.increment()
    let foreign = Self.isForeign(error)
    let (isNew, count) = state.withLock { state in
      let isNew = state.failure == nil
      state.failure = "\(error)"
      state.foreignAnswers = foreign ? state.foreignAnswers + 1 : 0
      return (isNew, state.foreignAnswers)
    }
    if isNew { logger.warning("the chain can't be read now", metadata: ["error": "\(error)"]) }
    guard count < Self.foreignAnswers else {
      throw EpochError(
        .wrongChain, "the endpoints serve another chain than \(identity.genesisHash), which this node was started for",
        remedy: "Point chain.rpc at nodes of that chain; a chain that began anew wants a new data folder.")
    }
  }

  private static func isForeign(_ error: any Error) -> Bool {
    switch error {
    case let error as RPCError: error.kind == .wrongChain
    case let error as ChainError: error.kind == .wrongChain
    default: false
    }
  }

  private func checkSilence() throws {
    let now = now()
    let (silence, final, isNew, failure) = state.withLock { state in
      let silence = now - state.bestSince
      let isNew = silence >= patience.notice && !state.isNoticed
      if isNew { state.isNoticed = true }
      return (silence, now - state.finalSince, isNew, state.failure)
    }
    if isNew {
      logger.warning(
        "no new block for \(silence.components.seconds) s",
        metadata: ["subnet": "\(identity.subnetID)", "error": "\(failure ?? "the endpoints answer")"])
    }
    if let end = patience.end, final >= end {
      throw EpochError(
        .stalled, "no block became final for \(final.components.seconds) s; \(failure ?? "the endpoints answer")",
        remedy: "Look at the endpoints of chain.rpc and at the chain; start again once blocks become final.")
    }
  }
}
