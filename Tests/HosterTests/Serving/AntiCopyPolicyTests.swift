import LibP2P
import Protocols
import Synchronization
import Testing

@testable import Hoster

@Suite("The anti-copy rule", .timeLimit(.minutes(2)))
struct AntiCopyPolicyTests {
  /// The chain as the test has it.
  private final class TableView: ConsensusView {
    private let state: Mutex<(epoch: EpochView?, validators: Set<PeerID>, questions: Int)>

    init(_ epoch: EpochView?, validators: Set<PeerID> = []) { state = Mutex((epoch, validators, 0)) }

    var questions: Int { state.withLock(\.questions) }

    func set(_ epoch: EpochView?) { state.withLock { $0.epoch = epoch } }

    func epoch() -> EpochView? {
      state.withLock { state in
        state.questions += 1
        return state.epoch
      }
    }

    func isValidator(_ peer: PeerID, in epoch: UInt32) -> Bool { state.withLock { $0.validators.contains(peer) } }
  }

  private static let tokens: [Int32] = [5, 6, 7, 8]

  private static func view(commitOver: Bool, tokens: [Int32]? = tokens, elected: PeerID? = nil) -> EpochView {
    EpochView(number: 9, consensusTokens: tokens, isCommitOver: commitOver, elected: elected)
  }

  private func decide(
    _ mode: AntiCopyPolicy.Mode, _ view: TableView, _ tensor: Tensor, _ peer: PeerID
  ) async -> InferenceDecision {
    await AntiCopyPolicy(mode, view: view, logger: LogRecorder().logger).shouldProcessInference(tensor, from: peer)
  }

  private func isRefused(_ decision: InferenceDecision) -> Bool {
    if case .refuse = decision { true } else { false }
  }

  @Test("P-75 who gets the epoch's answer and when, by mode, time and standing")
  func table() async throws {
    let validator = try PrivateKey.generate(.ed25519).peerID
    let elected = try PrivateKey.generate(.ed25519).peerID
    let hoster = try PrivateKey.generate(.ed25519).peerID
    let tensor = try Tensor(tokenIDs: Self.tokens)
    // Rows: mode, commit is over; served are: the validator, the elected node, the other hoster.
    let rows: [(AntiCopyPolicy.Mode, Bool, [Bool])] = [
      (.strict, false, [false, false, false]), (.strict, true, [false, false, false]),
      (.validatorsAfterCommit, false, [false, false, false]), (.validatorsAfterCommit, true, [true, true, false]),
      (.validatorsAlways, false, [true, true, false]), (.validatorsAlways, true, [true, true, false]),
    ]
    for (mode, isOver, served) in rows {
      let view = TableView(Self.view(commitOver: isOver, elected: elected), validators: [validator])
      for (peer, isServed) in zip([validator, elected, hoster], served) {
        let decision = await decide(mode, view, tensor, peer)
        #expect(isServed ? decision == .serveFirst : isRefused(decision), "\(mode) \(isOver)")
      }
    }
  }

  @Test("P-75 a hoster that has risen to class Validator is none; who does not say what it is, is")
  func risen() async throws {
    let (honest, mute, hoster) = (
      try PrivateKey.generate(.ed25519).peerID, try PrivateKey.generate(.ed25519).peerID,
      try PrivateKey.generate(.ed25519).peerID
    )
    let roles: [PeerID: NodeRole] = [honest: .validator, hoster: .hoster]
    let tensor = try Tensor(tokenIDs: Self.tokens)
    for (elected, served) in [(nil, [true, true, false]), (hoster, [true, true, true])] {
      let view = TableView(Self.view(commitOver: true, elected: elected), validators: [honest, mute, hoster])
      let policy = AntiCopyPolicy(view: view, logger: LogRecorder().logger) { roles[$0] }
      for (peer, isServed) in zip([honest, mute, hoster], served) {
        let decision = await policy.shouldProcessInference(tensor, from: peer)
        #expect(isServed ? decision == .serveFirst : isRefused(decision))
      }
    }
  }

  @Test("P-75 the same token ids in another type or among other dimensions are the same question")
  func disguises() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let view = TableView(Self.view(commitOver: false))
    let disguises = [
      try Tensor(tokenIDs: Self.tokens), try Tensor(tokenIDs: Self.tokens, shape: [4]),
      try Tensor(Self.tokens, shape: [1, 1, 1, 4]), try Tensor(Self.tokens.map { UInt8($0) }),
      try Tensor(Self.tokens.map { Int16($0) }), try Tensor(Self.tokens.map(Int64.init), requiresGradient: true),
    ]
    for tensor in disguises { #expect(isRefused(await decide(.validatorsAfterCommit, view, tensor, peer))) }
  }

  @Test("Every other question is served in its turn")
  func others() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let view = TableView(Self.view(commitOver: false))
    for tensor in [
      try Tensor(tokenIDs: [5, 6, 7]), try Tensor(tokenIDs: [5, 6, 7, 9]), try Tensor(tokenIDs: []),
      try Tensor([1.0] as [Float]),
    ] {
      for mode in AntiCopyPolicy.Mode.allCases { #expect(await decide(mode, view, tensor, peer) == .serve) }
    }
    #expect(await decide(.strict, TableView(nil), try Tensor(tokenIDs: Self.tokens), peer) == .serve)
  }

  @Test("While the epoch's tensor is not known everything is refused, and said so once per epoch")
  func unknown() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let recorder = LogRecorder()
    let view = TableView(Self.view(commitOver: true, tokens: nil))
    let policy = AntiCopyPolicy(view: view, logger: recorder.logger)
    for _ in 0..<3 { #expect(isRefused(await policy.shouldProcessInference(try Tensor(tokenIDs: [1]), from: peer))) }
    #expect(recorder.texts(.notice).count == 1)
    view.set(EpochView(number: 10, consensusTokens: nil, isCommitOver: false))
    #expect(isRefused(await policy.shouldProcessInference(try Tensor(tokenIDs: [1]), from: peer)))
    #expect(recorder.texts(.notice).count == 2)
    view.set(Self.view(commitOver: true))
    #expect(await policy.shouldProcessInference(try Tensor(tokenIDs: [1]), from: peer) == .serve)
  }

  @Test("P-75 P-81 another hoster asks in vain before the commit deadline, a validator not after it")
  func endToEnd() async throws {
    let peers = try TestPeers()
    let validator = try TestPeer(in: peers.network)
    peers.stakes.set(validator.id, to: .validator)
    let expected = try #require(try GoldenModel.f32.cases().first { $0.tokens.count >= 3 })
    let view = TableView(Self.view(commitOver: false, tokens: expected.prompt), validators: [validator.id])
    let server = AsyncInferenceServer(GPT2Backend(try GPT2(folder: GoldenModel.f32.folder.path)))
    try peers.serve(
      InferenceService(server, policy: AntiCopyPolicy(view: view, logger: LogRecorder().logger)))
    func ask(_ caller: TestPeer) async throws -> [Int32]? {
      var tokens: [Int32] = []
      do {
        let tensor = try Tensor(tokenIDs: expected.prompt)
        for try await tensor in try await peers.stub(caller).inferenceStream(tensor: tensor, maximumNewTokens: 3) {
          tokens += try tensor.tokenIDs()
        }
      } catch let error as CallError {
        #expect(error.remoteText == "Invalid request. ")
        return nil
      }
      return tokens
    }
    #expect(try await ask(peers.other) == nil)
    #expect(try await ask(validator) == nil)
    view.set(Self.view(commitOver: true, tokens: expected.prompt))
    #expect(try await ask(validator) == Array(expected.tokens.prefix(3)))
    #expect(try await ask(peers.other) == nil)
  }
}
