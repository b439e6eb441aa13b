public import Logging
private import Metrics
private import Synchronization

/// Decides whether peers have stake in one subnet, from the chain's finalized state.
///
/// Answers of the chain are remembered for a while, each question is asked once however many wait for it,
/// and what could not be answered is never remembered. Events of finalized blocks take remembered answers
/// back; peers that lost their stake are told to ``revocations()``.
public final class ProofOfStake: Sendable {
  public struct Configuration: Sendable, Hashable {
    public var requirement: StakeRequirement
    /// How long "staked" is believed.
    public var successLifetime: Duration
    /// How long "not staked" is believed.
    public var failureLifetime: Duration
    /// How many staked and how many unstaked peers are remembered.
    public var capacity: Int
    /// How many questions may be under way at once; further ones wait.
    public var concurrentQuestions: Int
    /// How many of them may be about strangers, peers that came by themselves.
    public var concurrentStrangers: Int
    /// How many questions may wait, strangers apart; further ones are `unknown`.
    public var waitingQuestions: Int
    /// How many questions about strangers may wait, besides.
    public var waitingStrangers: Int
    /// How long a question may wait until it is `unknown`. A caller may give up earlier.
    public var patience: Duration

    public init(
      _ requirement: StakeRequirement, successLifetime: Duration = .seconds(300),
      failureLifetime: Duration = .seconds(20), capacity: Int = 4096, concurrentQuestions: Int = 64,
      concurrentStrangers: Int = 16, waitingQuestions: Int = 8192, waitingStrangers: Int = 256,
      patience: Duration = .seconds(30)
    ) {
      self.requirement = requirement
      self.successLifetime = successLifetime
      self.failureLifetime = failureLifetime
      self.capacity = capacity
      self.concurrentQuestions = concurrentQuestions
      self.concurrentStrangers = concurrentStrangers
      self.waitingQuestions = waitingQuestions
      self.waitingStrangers = waitingStrangers
      self.patience = patience
    }
  }

  private struct Question {
    let round: UInt64
    let ticket: QuestionRoom.Ticket
    let verdict: Task<StakeVerdict, Never>
  }

  private struct State {
    var cache: StakeCache
    var questions: [String: Question] = [:]
    /// Rises with each invalidation; an answer to an older question is not remembered.
    var round: UInt64 = 0
    /// Peers that were staked before a change on chain and could not be asked about since.
    var overdue: Set<String> = []
    var highestBlock: UInt64 = 0
    var listeners: [UInt64: AsyncStream<StakeRevocation>.Continuation] = [:]
    var nextListener: UInt64 = 0

    mutating func close(_ peerID: String, _ round: UInt64) {
      if questions[peerID]?.round == round { questions[peerID] = nil }
    }
  }

  public let configuration: Configuration
  private let source: any StakeSource
  private let now: @Sendable () -> ContinuousClock.Instant
  private let logger: Logger
  private let state: Mutex<State>
  private let room: QuestionRoom

  /// How many revocations may wait for a slow listener before its stream is ended.
  static let revocationBacklog = 1024
  /// How many peers are asked about at a time after a change on chain.
  static let concurrentChecks = 8
  /// How often one question is put, where finality may move on while it is under way.
  static let attempts = 2
  /// The lengths that the chain allows a peer id's text.
  static let peerIDLength = 32...128

  private let hits = Counter(label: "substrate_stake_cache_hits_total")
  private let misses = Counter(label: "substrate_stake_cache_misses_total")
  private let unknowns = Counter(label: "substrate_stake_unknown_total")

  public init(
    _ configuration: Configuration, source: any StakeSource, logger: Logger = Logger(label: "substrate.stake"),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.configuration = configuration
    self.source = source
    self.logger = logger
    self.now = now
    state = Mutex(State(cache: StakeCache(configuration)))
    room = QuestionRoom(
      places: configuration.concurrentQuestions, strangersPlaces: configuration.concurrentStrangers,
      line: configuration.waitingQuestions, strangersLine: configuration.waitingStrangers)
  }

  // MARK: Asking

  /// Whether the peer with that id (base58 or CIDv1 text) has the stake that is required.
  ///
  /// Where more is asked than may be under way at once it waits, no longer than the configuration's patience and until
  /// its task is cancelled.
  ///
  /// - Parameter isStranger: whether the peer came by itself; such questions give way to all others.
  public func verdict(_ peerID: String, isStranger: Bool = false) async -> StakeVerdict {
    if let known = cached(peerID) { return known }
    guard Self.peerIDLength.contains(peerID.utf8.count), peerID.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      return .notStaked
    }
    misses.increment()
    let now = now()
    let question: Task<StakeVerdict, Never>? = state.withLock { state in
      let round = state.round
      if let asked = state.questions[peerID], asked.round == round {
        if !isStranger { room.promote(asked.ticket) }
        return asked.verdict
      }
      // The answer may have come since this caller looked.
      if let known = state.cache.verdict(peerID, at: now) { return Task { known } }
      guard let ticket = room.enter(isStranger ? .stranger : .own) else { return nil }
      // Unstructured: whoever else waits for it still gets the answer if the first caller goes away.
      let verdict = Task { await self.ask(peerID, round: round, ticket) }
      state.questions[peerID] = Question(round: round, ticket: ticket, verdict: verdict)
      return verdict
    }
    guard let question else { return unknown(peerID, Self.crowded) }
    do { return try await question.valueUnlessCancelled() } catch { return unknown(peerID, "the caller gave up") }
  }

  /// The remembered answer, without asking anybody.
  public func cached(_ peerID: String) -> StakeVerdict? {
    let now = now()
    let verdict = state.withLock { $0.cache.verdict(peerID, at: now) }
    if verdict != nil { hits.increment() }
    return verdict
  }

  private static let crowded = "too many questions are under way"

  private func ask(_ peerID: String, round: UInt64, _ ticket: QuestionRoom.Ticket) async -> StakeVerdict {
    defer { state.withLock { $0.close(peerID, round) } }
    guard await room.turn(ticket, patience: configuration.patience) else { return unknown(peerID, Self.crowded) }
    defer { room.leave(ticket) }
    do {
      for _ in 0..<Self.attempts {
        let answer = try await source.isStaked(peerID, configuration.requirement)
        if let verdict = settle(peerID, answer, round: round) { return verdict }
      }
      return unknown(peerID, "the endpoint is behind a block that was already used")
    } catch {
      return unknown(peerID, (error as? any SubstrateError)?.code ?? "\(type(of: error))")
    }
  }

  /// Nil if the answer is from before a block that was already used.
  private func settle(_ peerID: String, _ answer: StakeAnswer, round: UInt64) -> StakeVerdict? {
    let now = now()
    let outcome: (verdict: StakeVerdict?, isRevoked: Bool) = state.withLock { state in
      guard answer.block.number >= state.highestBlock else { return (nil, false) }
      state.highestBlock = answer.block.number
      // The chain changed meanwhile: the answer holds for this caller, not for later ones.
      guard round == state.round else { return (answer.isStaked ? .staked : .notStaked, false) }
      let isRevoked = state.cache.record(peerID, isStaked: answer.isStaked, at: now)
      return (answer.isStaked ? .staked : .notStaked, isRevoked)
    }
    if outcome.isRevoked { announce(StakeRevocation(peerID: peerID, block: answer.block)) }
    return outcome.verdict
  }

  private func unknown(_ peerID: String, _ reason: String) -> StakeVerdict {
    unknowns.increment()
    let now = now()
    let provenAgo = state.withLock { $0.cache.provenAgo(peerID, at: now) }
    logger.debug("stake unknown", metadata: ["peer": "\(peerID)", "reason": "\(reason)"])
    return .unknown(.init(reason: reason, provenAgo: provenAgo))
  }

  // MARK: Changes on chain

  /// Peers that lost their stake, from now on.
  ///
  /// A listener that falls ``revocationBacklog`` behind finds its stream ended and must look at all of its
  /// connections again.
  public func revocations() -> AsyncStream<StakeRevocation> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: StakeRevocation.self, bufferingPolicy: .bufferingOldest(Self.revocationBacklog))
    let id = state.withLock { state in
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return state.nextListener
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
    }
    return stream
  }

  /// Takes in a finalized block: answers that its events touch are forgotten, and peers that were staked are
  /// asked about again. Blocks are given in order; pass nil for `block` after a gap.
  public func update(_ block: BlockState?) async {
    var touched: Set<String>?
    if let block {
      do {
        let touches = StakeTouch.touches(try await block.events(), subnet: configuration.requirement.subnetID)
        if touches.isEmpty, state.withLock({ $0.overdue.isEmpty }) { return }
        touched = touches.contains(.everybody) ? nil : try await peers(touches, block)
      } catch {
        logger.warning(
          "events of a block could not be read; all stake is looked up again", metadata: ["error": "\(error)"])
      }
    }
    await invalidate(touched, at: block?.number)
  }

  /// Forgets what is known of these peers (nil: of all) and asks again about those that were staked.
  func invalidate(_ peers: Set<String>?, at number: UInt64?) async {
    let now = now()
    let affected = state.withLock { state in
      state.round += 1
      if let number { state.highestBlock = max(state.highestBlock, number) }
      return state.overdue.union(state.cache.invalidate(peers, at: now))
    }
    let overdue = await withTaskGroup(of: String?.self) { group in
      var overdue: Set<String> = []
      for (index, peer) in affected.enumerated() {
        if index >= Self.concurrentChecks, let unanswered = await group.next() ?? nil { overdue.insert(unanswered) }
        group.addTask { if case .unknown = await self.verdict(peer) { peer } else { nil } }
      }
      for await case let unanswered? in group { overdue.insert(unanswered) }
      return overdue
    }
    state.withLock { $0.overdue = overdue }
  }

  /// The peer ids of the touched nodes, before the block and after it.
  private func peers(_ touches: Set<StakeTouch>, _ block: BlockState) async throws -> Set<String> {
    var peers: Set<String> = []
    let before = try await block.client.at(block.header.parent)
    for state in [before, block] {
      let subnet = state.subnet(configuration.requirement.subnetID)
      for touch in touches {
        let id: UInt32? =
          switch touch {
          case .node(let id): id
          case .hotkey(let hotkey): try await subnet.nodeID(hotkey: hotkey)
          case .everybody: nil
          }
        guard let id, let node = try await subnet.node(id) else { continue }
        peers.formUnion([node.peer.peerID, node.bootnodePeer?.peerID, node.clientPeer?.peerID].compactMap(\.self))
      }
    }
    return peers
  }

  private func announce(_ revocation: StakeRevocation) {
    logger.info(
      "stake revoked", metadata: ["peer": "\(revocation.peerID)", "block": "\(revocation.block.number)"])
    let listeners = state.withLock { $0.listeners }
    for listener in listeners.values {
      if case .dropped = listener.yield(revocation) { listener.finish() }
    }
  }
}
