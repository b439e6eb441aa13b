import Foundation
import Hoster
import LibP2P
import Protocols
import Testing

@Suite("The inference commands", .serialized, .timeLimit(.minutes(2)))
struct InferenceCallCommandTests {
  /// Counts upwards from the prompt's last id.
  private struct Counting: InferenceBackend {
    func describe() -> ModelDescription {
      ModelDescription(name: "counting", hash: nil, vocabularySize: 100, contextLength: 100, type: nil)
    }

    func tokens(for request: Hoster.InferenceRequest) -> TokenStream {
      TokenStream { tokens in
        for number in 0..<request.maximumNewTokens { tokens.yield((request.prompt.last ?? 0) + 1 + Int32(number)) }
        tokens.finish()
      }
    }
  }

  private struct Refusing: InferencePolicy {
    func shouldProcessInference(_ tensor: Tensor, from caller: PeerID) -> InferenceDecision { .refuse("always") }
  }

  /// Runs `body` beside a hoster; it gets the address.
  private func withHoster(
    policy: any InferencePolicy = ServeEverything(), _ body: (_ address: String) async throws -> Void
  ) async throws {
    let identity = try PrivateKey.generate(.ed25519)
    var configuration = HostConfiguration(identity: identity)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let host = try P2PHost(configuration)
    let hoster = InferenceHoster(
      host, gate: .insecure(SignatureAuthorizer(try MessageSigner(identity), memory: ReplayMemory())),
      backend: Counting(), policy: policy)
    try await host.start()
    let running = Task { try await hoster.run() }
    while !host.protocols.contains("MockProtocol.rpc_inference_stream") { try await Task.sleep(for: .milliseconds(5)) }
    do {
      try await body(try #require(host.listenAddresses.first).withPeer(host.peerID).description)
    } catch {
      running.cancel()
      await host.shutdown()
      throw error
    }
    running.cancel()
    await host.shutdown()
  }

  @Test("P-38 call writes each token on a line, then the times, under both names of the protocol")
  func call() async throws {
    try await withHoster { address in
      for name in ["InferenceProtocol", "MockProtocol"] {
        let result = try await Program.run([
          "inference", "call", address, "--prompt-tokens", "5,6", "--max-new-tokens", "3", "--protocol", name,
          "--insecure-no-stake",
        ])
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.prefix(3) == ["7", "8", "9"] && lines.count == 4 && lines[3].hasPrefix("first token after"))
      }
    }
  }

  @Test("As JSON each token is an object, and the last one has the times")
  func json() async throws {
    struct Line: Decodable {
      var token: Int32?
      var tokens: Int?
      var firstTokenMs: Double?
      var totalMs: Double?
      var tokensPerSecond: Double?
    }
    try await withHoster { address in
      let result = try await Program.run([
        "inference", "call", address, "--prompt-tokens", "1", "--format", "json", "--insecure-no-stake",
      ])
      #expect(result.status == 0, "\(result.errors)")
      let lines = try result.output.split(separator: "\n").map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      }
      #expect(lines.dropLast().map(\.token) == [2, 3, 4, 5, 6])
      let summary = try #require(lines.last)
      #expect(summary.tokens == 5 && summary.firstTokenMs ?? 0 > 0)
      #expect(summary.totalMs ?? 0 >= summary.firstTokenMs ?? .infinity)
    }
  }

  @Test("What goes wrong has a code and a status")
  func failures() async throws {
    try await withHoster(policy: Refusing()) { address in
      let cases: [(arguments: [String], status: Int32, code: String)] = [
        ([address, "--prompt-tokens", "1"], 1, "[rpc.remote]"),
        ([address, "--prompt-tokens", "1,x"], 64, "[usage.tokens]"),
        ([address, "--prompt-tokens", "1", "--max-new-tokens", "0"], 64, "--max-new-tokens"),
        (["/ip4/127.0.0.1/tcp/4001", "--prompt-tokens", "1"], 64, "[usage.peer]"),
        (
          ["/ip4/192.0.2.1/tcp/1/p2p/\(try PrivateKey.generate(.ed25519).peerID)", "--prompt-tokens", "1"], 77,
          "[usage.insecure]"
        ),
      ]
      for (arguments, status, code) in cases {
        let result = try await Program.run(["inference", "call"] + arguments + ["--insecure-no-stake"])
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(code), "\(arguments): \(result.errors)")
      }
    }
  }

  @Test("A worker that no node has started says so")
  func uninvited() async throws {
    let result = try await Program.run(["worker", "run", "--model", "/nonexistent"])
    #expect(result.status == 1 && result.errors.contains("[worker.uninvited]"), "\(result.errors)")
  }
}
