import Foundation
import LibP2P
import Logging
import Testing

@testable import Protocols

@Suite("Calls for inference", .timeLimit(.minutes(2)))
struct InferenceCallTests {
  /// Answers as the test says.
  private struct Scripted: Servicer, InferenceProcedures {
    static let className = "InferenceProtocol"
    var responses: [[PBTensor]] = []
    var failure: (any Error & Sendable)?
    var requests = Requests()

    var handlers: [RPCHandler] {
      [
        Self.rpcInfo.handler { _, _ in
          NodeInformation(version: "1", isDHTClient: true, role: .hoster).message
        },
        Self.rpcInferenceStream.handler { [self] request, _, writer in
          requests.note(request)
          for tensors in responses { try await writer.write(InferenceResponseAuth.with { $0.tensors = tensors }) }
          if let failure { throw failure }
        },
      ]
    }
  }

  private actor Requests {
    private(set) var all: [InferenceRequestAuth] = []
    nonisolated func note(_ request: InferenceRequestAuth) { Task { await add(request) } }
    private func add(_ request: InferenceRequestAuth) { all.append(request) }
  }

  private func withStub(
    _ servicer: Scripted, calling configuration: RPCConfiguration = .quiet,
    _ body: (Stub<InferenceProtocol>) async throws -> Void
  ) async throws {
    try await TestTransport.inProcess.withPeers { peers in
      try servicer.addP2PHandlers(to: peers.servicer, gate: .insecure(), configuration: .quiet)
      try await body(
        InferenceProtocol.getServerStub(
          peers.client, peers.servicer.peerID, gate: .insecure(), configuration: configuration))
    }
  }

  private func tensors(_ numbers: Float...) throws -> [PBTensor] {
    try numbers.map { try Tensor([$0]).message() }
  }

  @Test("P-68 a request has the bytes that a published caller sent")
  func goldenRequest() throws {
    struct Recording: Decodable {
      struct Server: Decodable {
        let requestHex: Hexadecimal
      }
      let realServer: Server
    }
    let recorded = try MeshVectors.load("stream_auth.json", as: Recording.self).realServer.requestHex.bytes
    var request = try InferenceRequestAuth(serializedBytes: recorded)
    request.clearAuth()
    let ours = InferenceRequestAuth(
      prompt: "hi", tensor: try Tensor([40, 2] as [Int64]).message(), maximumNewTokens: 3)
    let (expected, made): ([UInt8], [UInt8]) = (try request.serializedBytes(), try ours.serializedBytes())
    #expect(expected == made)
    #expect(recorded.suffix(expected.count) == expected[...])
    #expect(Stub<InferenceProtocol>.defaultNewTokens == 5)
  }

  @Test("P-69 every tensor of every response comes, deserialised, in order")
  func order() async throws {
    try await withStub(Scripted(responses: [try tensors(1, 2), [], try tensors(3, 4)])) { stub in
      var numbers: [Float] = []
      for await tensor in stub.callInferenceStream(tensor: try Tensor(tokenIDs: [1])) {
        numbers += try tensor.elements()
      }
      #expect(numbers == [1, 2, 3, 4])
    }
  }

  @Test("P-70 an error ends the quiet tensors after what came before, and the throwing ones with the error")
  func failure() async throws {
    var servicer = Scripted(responses: [try tensors(1)])
    servicer.failure = RPCError("out of memory")
    try await withStub(servicer) { stub in
      let prompt = try Tensor(tokenIDs: [1])
      var quiet = stub.callInferenceStream(tensor: prompt).makeAsyncIterator()
      #expect(await quiet.next() != nil)
      #expect(await quiet.next() == nil)
      #expect(await quiet.next() == nil)
      var throwing = try await stub.inferenceStream(tensor: prompt).makeAsyncIterator()
      #expect(try await throwing.next(isolation: nil) != nil)
      let error = await #expect(throws: CallError.self) { _ = try await throwing.next(isolation: nil) }
      #expect(error?.remoteText == "out of memory")
    }
  }

  @Test("P-70 the error that ends the quiet tensors is one error in the log, with the peer")
  func logged() async throws {
    var servicer = Scripted(responses: [try tensors(1)])
    servicer.failure = RPCError("out of memory")
    let recorder = LogRecorder()
    var configuration = RPCConfiguration()
    configuration.logger = recorder.logger
    try await withStub(servicer, calling: configuration) { stub in
      let prompt = try Tensor(tokenIDs: [1])
      // Lines are sparing in a process, and other tests may have used them up for now.
      while recorder.lines.isEmpty {
        for await _ in stub.callInferenceStream(tensor: prompt) {}
      }
      let lines = recorder.lines
      #expect(lines.count == 1 && lines[0].level == .error, "\(lines)")
      for text in ["InferenceProtocol.rpc_inference_stream", "\(stub.caller.peer)", "out of memory"] {
        #expect(lines[0].text.contains(text), "\(lines)")
      }
    }
  }

  @Test("P-70 a tensor that is none ends both")
  func garbage() async throws {
    let garbage = PBTensor.with {
      $0.dtype = "int64"
      $0.size = [3]
    }
    try await withStub(Scripted(responses: [[garbage]])) { stub in
      let prompt = try Tensor(tokenIDs: [1])
      for await _ in stub.callInferenceStream(tensor: prompt) { Issue.record("there is no tensor") }
      await #expect(throws: TensorError.self) {
        for try await _ in try await stub.inferenceStream(tensor: prompt) {}
      }
    }
  }

  @Test("P-70 a peer that can't be reached gives no tensors and no error")
  func nobody() async throws {
    let network = InProcessNetwork()
    let node = network.join(as: try PrivateKey.generate(.ed25519).peerID)
    let stub = InferenceProtocol.getServerStub(
      node, try PrivateKey.generate(.ed25519).peerID, gate: .insecure(), configuration: .quiet)
    for await _ in stub.callInferenceStream(tensor: try Tensor(tokenIDs: [1])) { Issue.record("nobody answers") }
    #expect(await stub.callInfo() == nil)
  }

  @Test("P-67 rpc_info is read as its servicer wrote it")
  func info() async throws {
    try await withStub(Scripted()) { stub in
      #expect(await stub.callInfo() == NodeInformation(version: "1", isDHTClient: true, role: .hoster))
    }
  }

  @Test("P-79 the consensus tensor's key", arguments: [(0, "0"), (1, "1"), (.max, "4294967295")] as [(UInt32, String)])
  func consensusKey(_ epoch: UInt32, _ text: String) {
    #expect(InferenceProtocol.getConsensusKey(epoch) == "consensus-epoch_" + text)
  }
}
