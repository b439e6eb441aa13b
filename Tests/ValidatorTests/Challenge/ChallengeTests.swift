import Foundation
import LibP2P
import Logging
import Protocols
import Substrate
import Synchronization
import Testing

@_spi(Testing) @testable import Validator

/// A hoster that behaves as the test says, behind the real protocol.
private struct ScriptedHoster: Servicer, InferenceProcedures {
  enum Behaviour: Sendable {
    case answers([Int64])
    case says(String)
    /// Ends the call without a word, as published nodes refuse one.
    case hangsUp
    case isSilent
    /// Says here that it was asked, and nothing to the caller.
    case tells(AsyncStream<Void>.Continuation)
    case neverStops
    /// Sends tensors without elements, many in a message, and never ends.
    case isHollow
    case isGarbled
    /// Sends these, one message each.
    case sends([Tensor])
    /// Fails after the first token.
    case breaksOff
    /// Sends a token now and then, and never ends.
    case drips
    /// Fails so often, then answers.
    case recovers(Failures)
  }

  actor Failures {
    private var left: Int
    /// How often it was asked.
    private(set) var calls = 0
    init(_ left: Int) { self.left = left }
    func take() -> Bool {
      calls += 1
      left -= 1
      return left >= 0
    }
  }

  static let className = "InferenceProtocol"
  let behaviour: Behaviour

  var handlers: [RPCHandler] {
    [
      Self.rpcInfo.handler { _, _ in NodeInformation(version: "1", role: .hoster).message },
      Self.rpcInferenceStream.handler { [behaviour] _, _, writer in
        func write(_ token: Int64) async throws {
          let tensor = try Tensor([token]).message()
          try await writer.write(InferenceResponseAuth.with { $0.tensors = [tensor] })
        }
        switch behaviour {
        case .answers(let tokens): for token in tokens { try await write(token) }
        case .says(let text): throw RPCError(text)
        case .hangsUp: break
        case .isSilent: try await Task.sleep(for: .seconds(3600))
        case .tells(let asked):
          asked.yield()
          try await Task.sleep(for: .seconds(3600))
        case .neverStops: while true { try await write(1) }
        case .isHollow:
          let tensor = try Tensor([] as [Int64]).message()
          let message = InferenceResponseAuth.with { $0.tensors = Array(repeating: tensor, count: 1000) }
          while true { try await writer.write(message) }
        case .isGarbled:
          try await writer.write(
            InferenceResponseAuth.with {
              $0.tensors = [
                PBTensor.with {
                  $0.buffer = Data([1, 2, 3])
                  $0.size = [9]
                }
              ]
            })
        case .sends(let tensors):
          for tensor in tensors {
            let message = try tensor.message()
            try await writer.write(InferenceResponseAuth.with { $0.tensors = [message] })
          }
        case .breaksOff:
          try await write(1)
          throw RPCError("out of memory")
        case .drips:
          try await write(1)
          while true {
            try await Task.sleep(for: .milliseconds(600))
            try await writer.write(InferenceResponseAuth())
          }
        case .recovers(let failures):
          if await failures.take() { throw RPCError("busy") }
          for token in [1, 2, 3] as [Int64] { try await write(token) }
        }
      },
    ]
  }
}

@Suite("Challenging hosters", .timeLimit(.minutes(5)))
struct ChallengeTests {
  private let network = InProcessNetwork()
  private let folder: TemporaryFolder
  private let store: Store
  private let caller: StubProbeCaller
  private let probe: ProbeTensor
  private static let epoch: UInt32 = 7
  private static let logger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }()
  private static var quiet: RPCConfiguration {
    var configuration = RPCConfiguration()
    configuration.logger = logger
    return configuration
  }

  init() throws {
    folder = try TemporaryFolder()
    store = try Store.open(folder.file("validator.sqlite"))
    let own: any P2P = network.join(as: try PrivateKey.generate(.ed25519).peerID)
    caller = StubProbeCaller { peer in
      InferenceProtocol.getServerStub(own, try PeerID(peer), gate: .insecure(), configuration: Self.quiet)
    }
    probe = ProbeTensor(probe: 0, source: .chain, tensor: Answer(try Tensor([1, 2, 3] as [Int64], shape: [1, 3])))
  }

  /// Opens the epoch with hosters of given behaviours, numbered from 1; nil for one that is not there.
  private func open(_ behaviours: [ScriptedHoster.Behaviour?]) async throws -> [EpochNode] {
    var nodes: [EpochNode] = []
    for (index, behaviour) in behaviours.enumerated() {
      let peer = try PrivateKey.generate(.ed25519).peerID
      if let behaviour {
        try ScriptedHoster(behaviour: behaviour).addP2PHandlers(
          to: network.join(as: peer), gate: .insecure(), configuration: Self.quiet)
      }
      nodes.append(
        EpochNode(
          subnetNodeID: UInt32(index + 1), peerID: peer.description, hotkey: nil, nodeClass: .included,
          standing: .hoster))
    }
    try await store.bind(to: Sample.identity)
    try await store.open(Sample.epoch(Self.epoch), nodes: nodes)
    try await store.record(probe, epoch: Self.epoch)
    return nodes
  }

  private func challenge(_ change: (inout ChallengeSettings) -> Void = { _ in }) -> Challenge {
    var settings = ChallengeSettings()
    (settings.maximumNewTokens, settings.retryPause, settings.blockPatience) = (5, .milliseconds(5), .zero)
    change(&settings)
    return Challenge(epoch: Self.epoch, settings: settings, caller: caller, store: store, logger: Self.logger) { 42 }
  }

  private func verdicts() async throws -> [UInt32: [String]] {
    Dictionary(grouping: try await store.observations(Self.epoch), by: \.subnetNodeID)
      .mapValues { $0.map { "\($0.verdict.rawValue) \($0.reason.rawValue)" } }
  }

  @Test("D-12 every kind of failure is told apart and kept, and worth a second call or not")
  func kinds() async throws {
    let nodes = try await open([
      .answers([4, 5]), .says("out of memory"), .hangsUp, nil, .neverStops, .isGarbled,
      .recovers(ScriptedHoster.Failures(1)), .isSilent, .isHollow,
    ])
    try await challenge { $0.callTimeout = .milliseconds(1500) }.run(nodes, [probe])
    #expect(
      try await verdicts() == [
        1: ["accepted answered"], 2: ["refused error", "refused error"], 3: ["refused denied", "refused denied"],
        4: ["absent unreachable", "absent unreachable"], 5: ["rejected excess"],
        6: ["crashed malformed", "crashed malformed"], 7: ["refused error", "accepted answered"],
        8: ["absent deadline", "absent deadline"], 9: ["crashed malformed", "crashed malformed"],
      ])
    let answered = try #require(try await store.observations(Self.epoch, node: 1).first)
    #expect(answered.tokenCount == 2 && answered.block == 42 && answered.firstMessage != nil)
    #expect(answered.requestDigest == probe.digest && answered.peerID == nodes[0].peerID)
    #expect(try await store.observations(Self.epoch, node: 2).first?.detail?.contains("out of memory") == true)
  }

  @Test(
    "Late, partial, of other shapes and types, NaN, without end: each is judged, none is agreed with, all are bounded")
  func strange() async throws {
    let tokens = [7, 8] as [Int64]
    let nan = try Tensor([Float.nan, .infinity], shape: [2])
    let nodes = try await open([
      .answers(tokens), .answers(tokens), .breaksOff, .drips, .sends([try Tensor(tokens, shape: [1, 2])]),
      .sends([nan]), .sends([try Tensor(tokens), nan]), .sends([try Tensor([Int64](repeating: 7, count: 6))]),
      .sends([]),
      .sends([try Tensor([Int32(7), 8])]),
    ])
    try await challenge { ($0.callTimeout, $0.attempts) = (.milliseconds(1500), 1) }.run(nodes, [probe])
    let verdicts = try await verdicts()
    #expect(verdicts[3] == ["refused error"], "\(verdicts)")
    #expect(verdicts[4] == ["absent deadline"], "\(verdicts)")
    #expect(verdicts[6] == ["accepted answered"] && verdicts[10] == ["accepted answered"])
    #expect(
      verdicts[7] == ["crashed malformed"] && verdicts[8] == ["rejected excess"] && verdicts[9] == ["refused denied"])
    // What was answered is compared bit by bit, so a type, a shape or a NaN more is another answer.
    for policy in try ["agreement", "distance", "mean-distance"].map({ try ScoringPolicies().make($0) }) {
      let sheet = policy.score(try await store.ownEvidence(Self.epoch))
      let scores = Dictionary(uniqueKeysWithValues: sheet.scores.map { ($0.subnetNodeID, $0.score) })
      #expect(scores.count == nodes.count, "\(type(of: policy))")
      if policy is AgreementPolicy {
        #expect(scores[1] == 1_000_000_000_000_000_000 && scores[2] == scores[1])
        #expect((3...10 as ClosedRange<UInt32>).allSatisfy { scores[$0] == 0 || $0 == 5 }, "\(scores)")
      }
    }
  }

  @Test("§7 answers of numbers have a limit of their own; the limit of tokens holds for tokens and for messages")
  func numbers() async throws {
    func floats(_ count: Int) throws -> Tensor { try Tensor([Float](repeating: 0.5, count: count), shape: [count]) }
    let nodes = try await open([
      .sends([try floats(16_384)]), .sends([try floats(16_385)]), .sends([try floats(9000), try floats(9000)]),
      .sends(try (0..<6).map { _ in try floats(1) }), .sends([try Tensor([Int64](repeating: 7, count: 6))]),
    ])
    try await challenge { $0.attempts = 1 }.run(nodes, [probe])
    #expect(
      try await verdicts() == [
        1: ["accepted answered"], 2: ["rejected excess"], 3: ["rejected excess"], 4: ["rejected excess"],
        5: ["rejected excess"],
      ])
    // All of it is kept, so that it can be scored by its numbers.
    let evidence = try await store.ownEvidence(Self.epoch)
    #expect(evidence.members.first?.outcomes[0]?.answer?.answer?.count == 16_384)
  }

  @Test("A hoster that thinks it is asked too early is asked again once there is another block")
  func nextBlock() async throws {
    let failures = ScriptedHoster.Failures(1)
    let nodes = try await open([.recovers(failures)])
    var settings = ChallengeSettings()
    (settings.retryPause, settings.blockPatience) = (.zero, .seconds(3600))
    let height = Mutex<UInt64>(42)
    let challenge = Challenge(
      epoch: Self.epoch, settings: settings, caller: caller, store: store, logger: Self.logger
    ) { height.withLock { $0 } }
    async let running: Void = challenge.run(nodes, [probe])
    try await eventually("the first call is over") { try await store.observations(Self.epoch).count == 1 }
    // Time alone changes nothing.
    try await Task.sleep(for: .milliseconds(300))
    #expect(await failures.calls == 1)
    height.withLock { $0 = 43 }
    try await running
    #expect(await failures.calls == 2)
    #expect(try await store.observations(Self.epoch).map(\.block) == [42, 43])
    #expect(try await verdicts() == [1: ["refused error", "accepted answered"]])
  }

  @Test("When the window is over, who was asked and has not answered is absent; who was not asked can't be judged")
  func windowEnds() async throws {
    let (calls, asked) = AsyncStream.makeStream(of: Void.self)
    let nodes = try await open([.tells(asked), .tells(asked), .answers([1])])
    let challenge = challenge { $0.concurrency = 2 }
    async let running: Void = challenge.run(nodes, [probe])
    for await _ in calls.prefix(2) {}
    challenge.end()
    try await running
    #expect(
      try await verdicts() == [1: ["absent deadline"], 2: ["absent deadline"], 3: ["inconclusive own-fault"]])
  }

  @Test("D-15 a process that is stopped says nothing of who was asked last; the next one asks the rest")
  func stopped() async throws {
    let (calls, asked) = AsyncStream.makeStream(of: Void.self)
    var nodes = try await open([.answers([1]), .tells(asked)])
    let first = Task { [nodes] in try await challenge().run(nodes, [probe]) }
    for await _ in calls.prefix(1) {}
    try await eventually("the other one's answer is kept") { try await store.observations(Self.epoch).count == 1 }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(try await verdicts() == [1: ["accepted answered"]])
    try ScriptedHoster(behaviour: .answers([1])).addP2PHandlers(
      to: network.join(as: try PeerID(nodes[1].peerID)), gate: .insecure(), configuration: Self.quiet)
    nodes = try await store.nodes(Self.epoch)
    try await challenge().run(nodes, [probe])
    #expect(try await verdicts() == [1: ["accepted answered"], 2: ["accepted answered"]])
  }

  @Test("An answer that is not the one that the hoster committed to is rejected, whoever agrees with it")
  func commits() async throws {
    let nodes = try await open([.answers([1]), .answers([1])])
    let statement = Statement(
      genesisHash: Sample.identity.genesisHash, subnetID: Sample.identity.subnetID, epoch: Self.epoch, subnetNodeID: 1)
    let promised = Commitment(payload: statement.payload(answer: .sha256([9])))
    try await store.recordCommit(
      epoch: Self.epoch, role: .hoster, subnetNodeID: 1, digest: promised.digest, block: 40)
    #expect(
      try await store.recordReveal(
        epoch: Self.epoch, role: .hoster, subnetNodeID: 1, reveal: promised, block: 41) == true)
    try await challenge().run(nodes, [probe])
    #expect(try await verdicts() == [1: ["rejected commit"], 2: ["accepted answered"]])
  }

  @Test(
    "A hundred and a thousand hosters of 32 tokens are all asked, and all that they answer is kept",
    arguments: [100, 1000])
  func many(_ count: Int) async throws {
    let nodes = try await open(
      Array(repeating: .answers((0..<32).map { $0 }), count: count))
    try await challenge { $0.maximumNewTokens = 32 }.run(nodes, [probe])
    let observations = try await store.observations(Self.epoch)
    #expect(observations.count == count && observations.allSatisfy { $0.verdict == .accepted && $0.tokenCount == 32 })
  }
}
