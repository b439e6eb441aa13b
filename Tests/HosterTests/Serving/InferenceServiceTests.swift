import Foundation
import LibP2P
import Protocols
import Testing

@testable import Hoster

@Suite("The inference protocol", .timeLimit(.minutes(3)))
struct InferenceServiceTests {
  /// Refuses everything, and counts.
  private actor Refusing: InferencePolicy {
    private(set) var questions = 0
    private(set) var callers: [PeerID] = []

    func shouldProcessInference(_ tensor: Tensor, from caller: PeerID) -> InferenceDecision {
      questions += 1
      callers.append(caller)
      return .refuse("the test says so")
    }
  }

  private static func prompt(_ tokens: Int32...) throws -> Tensor { try Tensor(tokenIDs: tokens) }

  private func collect(_ tensors: InferenceTensors) async throws -> [Int32] {
    var tokens: [Int32] = []
    for try await tensor in tensors { tokens += try tensor.tokenIDs() }
    return tokens
  }

  /// What the caller reads of a call that fails.
  private func remoteText(_ body: () async throws -> Void) async throws -> String {
    do {
      try await body()
    } catch let error as CallError where error.kind == .remote {
      return error.remoteText ?? ""
    }
    Issue.record("the call did not fail at the other side")
    return ""
  }

  private func golden() throws -> (AsyncInferenceServer, GoldenModel.Case) {
    let server = AsyncInferenceServer(GPT2Backend(try GPT2(folder: GoldenModel.f32.folder.path)))
    return (server, try #require(try GoldenModel.f32.cases().first { $0.tokens.count >= 5 }))
  }

  @Test("P-44 P-45 P-59 a validator's node streams the oracle's tokens from a hoster's node")
  func streams() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    try peers.serve(InferenceService(server))
    let tensor = try Tensor(tokenIDs: expected.prompt)
    #expect(try await collect(peers.stub().inferenceStream(tensor: tensor)) == Array(expected.tokens.prefix(5)))
    var tokens: [Int32] = []
    for await tensor in try peers.stub().callInferenceStream(tensor: tensor) { tokens += try tensor.tokenIDs() }
    #expect(tokens == Array(expected.tokens.prefix(5)))
  }

  @Test("P-49 P-77 each message carries the node, the time, the token as text and as a tensor")
  func fields() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    var settings = InferenceSettings()
    settings.nodeID = Array(1...20)
    settings.clock = { 1_760_000_000.25 }
    try peers.serve(InferenceService(server, settings: settings))
    var request = InferenceRequestAuth()
    request.tensor = try Tensor(tokenIDs: expected.prompt).message()
    request.maxNewTokens = 2
    var messages: [InferenceResponseAuth] = []
    for try await message in try await peers.stub().rpcInferenceStream(request) { messages.append(message) }
    #expect(messages.map(\.output) == expected.tokens.prefix(2).map { "\($0)" })
    for (message, token) in zip(messages, expected.tokens) {
      #expect(Array(message.peer.nodeID) == Array(1...20) && message.dhtTime == 1_760_000_000.25)
      #expect(message.tensors.count == 1 && message.hasAuth)
      let tensor = try Tensor(message.tensors[0])
      #expect(tensor.type == .int64 && tensor.shape == [1])
      #expect(try tensor.elements(as: Int64.self) == [Int64(token)])
    }
  }

  @Test("P-67 a node with a model says that it is a hoster, under both names of the protocol")
  func hoster() async throws {
    let peers = try TestPeers()
    var settings = InferenceSettings()
    settings.version = "0.1.0"
    settings.isDHTClient = true
    let service = InferenceService(AsyncInferenceServer(SteppedBackend()), settings: settings)
    try peers.serve(service)
    try service.servicer(as: MockProtocol.self).addP2PHandlers(
      to: peers.hoster.node, gate: try peers.hoster.gate(peers.stakes), configuration: .quiet)
    let expected = NodeInformation(version: "0.1.0", isDHTClient: true, role: .hoster)
    #expect(try await peers.stub().callInfo() == expected)
    let mock = MockProtocol.getServerStub(
      peers.other.node, peers.hoster.id, gate: try peers.other.gate(peers.stakes), configuration: .quiet)
    #expect(await mock.callInfo() == expected)
  }

  @Test("P-61 a node without a model says that it is a validator, and refuses to compute, with a reason")
  func validator() async throws {
    let peers = try TestPeers()
    try peers.serve(InferenceService(nil))
    #expect(try await peers.stub().callInfo()?.role == .validator)
    let text = try await remoteText {
      _ = try await collect(peers.stub().inferenceStream(tensor: Self.prompt(1)))
    }
    #expect(text.contains("serves no model"))
    #expect(try await peers.stub().callInfo()?.role == .validator)
  }

  @Test("P-71 P-74 a hook that says no blocks: the text of the published nodes, and nothing is computed")
  func hook() async throws {
    let peers = try TestPeers()
    let (backend, policy) = (SteppedBackend(), Refusing())
    try peers.serve(InferenceService(AsyncInferenceServer(backend), policy: policy))
    let text = try await remoteText {
      _ = try await collect(peers.stub().inferenceStream(tensor: Self.prompt(1)))
    }
    #expect(text == "Invalid request. ")
    #expect(await policy.questions == 1)
    backend.finishEvents()
    for await event in backend.events { Issue.record("the model was asked: \(event)") }
  }

  @Test("P-71 the base of the hook lets everything pass")
  func baseHook() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let policy: any InferencePolicy = ServeEverything()
    let decision = await policy.shouldProcessInference(try Self.prompt(1), from: peer)
    #expect(decision == .serve)
  }

  @Test("P-73 the hook's caller is the peer that signed and the connection proved; another's signature is refused")
  func caller() async throws {
    let peers = try TestPeers()
    let policy = Refusing()
    try peers.serve(InferenceService(AsyncInferenceServer(SteppedBackend()), policy: policy))
    _ = try await remoteText { _ = try await collect(peers.stub().inferenceStream(tensor: Self.prompt(1))) }
    #expect(await policy.callers == [peers.other.id])
    // The other node's connection, a third one's signature.
    let third = try TestPeer(in: peers.network)
    peers.stakes.set(third.id, to: .validator)
    let forged = try peers.stub(gate: try third.gate(peers.stakes))
    #expect(try await collect(forged.inferenceStream(tensor: Self.prompt(1))) == [])
    #expect(await policy.callers == [peers.other.id])
  }

  @Test("P-58 P-66 unsigned and unstaked callers are refused, and a stub's requests leave signed")
  func gate() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    try peers.serve(InferenceService(server))
    let tensor = try Tensor(tokenIDs: expected.prompt)
    #expect(try await collect(peers.stub(gate: .insecure()).inferenceStream(tensor: tensor)) == [])
    let poor = try TestPeer(in: peers.network)
    let stub = try peers.stub(
      poor, gate: .insecure(SignatureAuthorizer(MessageSigner(poor.identity), memory: ReplayMemory())))
    #expect(try await collect(stub.inferenceStream(tensor: tensor)) == [])
    #expect(await stub.callInfo() == nil)
    #expect(try await collect(peers.stub().inferenceStream(tensor: tensor)).count == 5)
  }

  @Test("P-76 the node's own question asks no policy")
  func own() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    let policy = Refusing()
    try peers.serve(InferenceService(server, policy: policy))
    let stub = InferenceProtocol.getServerStub(
      peers.hoster.node, peers.hoster.id, gate: try TestPeer.fresh(peers.hoster, peers.stakes),
      configuration: .quiet)
    let tensor = try Tensor(tokenIDs: expected.prompt)
    #expect(try await collect(stub.inferenceStream(tensor: tensor)) == Array(expected.tokens.prefix(5)))
    #expect(await policy.questions == 0)
  }

  @Test("P-78 the number of tokens is honoured up to the node's maximum, five unless set")
  func newTokens() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    try peers.serve(InferenceService(server))
    let tensor = try Tensor(tokenIDs: expected.prompt)
    for (asked, got) in [(1, 1), (0, 5), (5, 5), (6, 5), (.max, 5)] as [(Int32, Int)] {
      let tokens = try await collect(peers.stub().inferenceStream(tensor: tensor, maximumNewTokens: asked))
      #expect(tokens == Array(expected.tokens.prefix(got)))
    }
    let text = try await remoteText {
      _ = try await collect(peers.stub().inferenceStream(tensor: tensor, maximumNewTokens: -1))
    }
    #expect(text.contains("-1"))
  }

  @Test("P-72 garbage for a tensor is an error at the caller, with the reason, and the node goes on")
  func garbage() async throws {
    let peers = try TestPeers()
    let (server, expected) = try golden()
    try peers.serve(InferenceService(server))
    let good = try Tensor(tokenIDs: expected.prompt)
    var cases: [PBTensor] = [PBTensor(), PBTensor.with { $0.dtype = "quaternion" }]
    for change in [
      { $0.buffer = Data([1, 2, 3]) }, { $0.size = [.max, .max] }, { $0.size = Array(repeating: 1, count: 100) },
      { $0.compression = .UNRECOGNIZED(77) }, { $0.chunks = -1 }, { $0.dtype = "float32" }, { $0.size = [1, 1 << 30] },
    ] as [(inout PBTensor) -> Void] {
      var message = try good.message()
      change(&message)
      cases.append(message)
    }
    cases.append(try Tensor([1.5] as [Float]).message())
    cases.append(try Tensor([1, 2, 3, 4] as [Int64], shape: [2, 2]).message())
    cases.append(try Tensor(tokenIDs: []).message())
    cases.append(try Tensor([Int64.max]).message())
    cases.append(try Tensor(tokenIDs: [-1]).message())
    cases.append(try Tensor(tokenIDs: Array(repeating: 1, count: 70_000)).message())
    for tensor in cases {
      let text = try await remoteText {
        var request = InferenceRequestAuth()
        request.tensor = tensor
        request.maxNewTokens = 1
        for try await _ in try await peers.stub().rpcInferenceStream(request) {}
      }
      #expect(!text.isEmpty && text != "internal error", "\(tensor.dtype) \(tensor.size)")
    }
    #expect(try await collect(peers.stub().inferenceStream(tensor: good)) == Array(expected.tokens.prefix(5)))
  }

  @Test("What goes wrong inside the node, the caller learns no more of than a code")
  func secrecy() async throws {
    let peers = try TestPeers()
    let backend = SteppedBackend()
    try peers.serve(InferenceService(AsyncInferenceServer(backend)))
    var events = backend.events.makeAsyncIterator()
    async let text = remoteText {
      _ = try await collect(peers.stub().inferenceStream(tensor: Self.prompt(1)))
    }
    try await events.skip(to: .asked(1))
    backend.fail(1, with: InferenceError(.upstream, "http://10.0.0.1/v1 said: key sk-123 is wrong"))
    #expect(try await text == "this node can't answer now [inference.upstream]")
  }

  @Test("P-52 200 calls are in flight at once, and each comes to its end")
  func manyCalls() async throws {
    let peers = try TestPeers()
    let backend = SteppedBackend()
    var limits = InferenceLimits()
    (limits.running, limits.runningPerPeer) = (200, 200)
    try peers.serve(InferenceService(AsyncInferenceServer(backend, limits: limits)))
    let stub = try peers.stub()
    try await withThrowingTaskGroup(of: [Int32].self) { group in
      for name: Int32 in 0..<200 {
        group.addTask {
          try await collect(stub.inferenceStream(tensor: Self.prompt(name), maximumNewTokens: 2))
        }
      }
      var events = backend.events.makeAsyncIterator()
      var asked: Set<Int32> = []
      while asked.count < 200, let event = await events.next() {
        if case .asked(let name) = event { asked.insert(name) }
      }
      for name: Int32 in 0..<200 { for token in [name, name + 1] { backend.give(token, to: name) } }
      var answers: Set<[Int32]> = []
      for try await answer in group { answers.insert(answer) }
      #expect(answers == Set((0..<200).map { [$0, $0 + 1] }))
    }
  }

  @Test("When the caller goes away, the computation ends within 100 ms, and its place is free")
  func cancellation() async throws {
    let peers = try TestPeers()
    let backend = SteppedBackend()
    try peers.serve(InferenceService(AsyncInferenceServer(backend)))
    let stub = try peers.stub()
    var events = backend.events.makeAsyncIterator()
    // The fastest of some: the machine may be busy with other things, the path must not.
    var fastest = Duration.seconds(60)
    for name: Int32 in 1...5 {
      let call = Task { try await collect(stub.inferenceStream(tensor: Self.prompt(name))) }
      try await events.skip(to: .asked(name))
      let start = ContinuousClock.now
      call.cancel()
      try await events.skip(to: .released(name))
      fastest = min(fastest, .now - start)
      _ = await call.result
    }
    #expect(fastest < .milliseconds(100))
  }
}

extension TestPeer {
  /// A gate for calls of a node to itself, whose requests its own memory has not seen.
  static func fresh(_ peer: TestPeer, _ stakes: TableStakes) throws -> Gate {
    Gate(stake: stakes, authorizer: SignatureAuthorizer(try MessageSigner(peer.identity), memory: ReplayMemory()))
  }
}
