import Foundation
import Testing

@testable import Hoster

@Suite("Model servers over HTTP", .timeLimit(.minutes(2)))
struct CompletionsBackendTests {
  private static let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
  private static func chunk(_ tokens: String) -> String { #"data: {"choices":[{"token_ids":\#(tokens)}]}"# + "\n\n" }

  /// Runs `body` with a backend whose server answers so.
  private func with(
    _ answer: String, then ending: ScriptedHTTPServer.Ending = .close, idleTimeout: Int64 = 60,
    timeout: Int64 = 600, tokenizer: Tokenizer? = nil,
    _ body: (CompletionsBackend, ScriptedHTTPServer) async throws -> Void
  ) async throws {
    let server = try await ScriptedHTTPServer(answer, then: ending)
    var configuration = CompletionsBackend.Configuration(
      url: try #require(URL(string: "http://127.0.0.1:\(server.port)/v1")), model: "small",
      vocabularySize: tokenizer == nil ? 100 : 481, contextLength: 50)
    configuration.tokenizer = tokenizer
    (configuration.idleTimeout, configuration.timeout) = (idleTimeout, timeout)
    let backend = CompletionsBackend(configuration)
    do {
      try await body(backend, server)
    } catch {
      try? await backend.shutdown()
      try? await server.stop()
      throw error
    }
    try await backend.shutdown()
    try await server.stop()
  }

  private static let request = InferenceRequest(prompt: [1, 99], maximumNewTokens: 3)

  @Test("The prompt goes out as token ids, and the tokens come back")
  func answer() async throws {
    let answer = Self.stream + Self.chunk("[5]") + Self.chunk("[6,7]") + "data: [DONE]\n\n"
    try await with(answer) { backend, server in
      let tokens = try await Array(collecting: backend.tokens(for: Self.request))
      #expect(tokens == [5, 6, 7])
      var requests = server.requests.makeAsyncIterator()
      let request = try #require(await requests.next())
      #expect(request.hasPrefix("POST /v1/completions HTTP/1.1\r\n"))
      struct Body: Decodable, Equatable {
        var model: String, prompt: [Int32], max_tokens: Int, temperature: Double, stream: Bool, return_token_ids: Bool
        var n_probs = 1, timings_per_token = true, cache_prompt = false
      }
      let body = try #require(request.components(separatedBy: "\r\n\r\n").last)
      #expect(
        try JSONDecoder().decode(Body.self, from: Data(body.utf8))
          == Body(
            model: "small", prompt: [1, 99], max_tokens: 3, temperature: 0, stream: true, return_token_ids: true))
    }
  }

  @Test("A connection that the server closes when it is used again costs no answer")
  func keptConnection() async throws {
    let body = Self.chunk("[5,6]") + "data: [DONE]\n\n"
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    try await with(head + body, then: .closeAtNext) { backend, server in
      for _ in 0..<4 {
        let tokens = try await Array(collecting: backend.tokens(for: Self.request))
        #expect(tokens == [5, 6])
      }
      // Those after the first came twice.
      var requests = server.requests.makeAsyncIterator()
      for _ in 0..<7 { #expect(await requests.next() != nil) }
    }
  }

  @Test("With a tokenizer text goes out and comes back, with what OpenAI's servers know alone")
  func text() async throws {
    let tokenizer = try Tokenizer(contentsOf: GoldenTokenizer.bytes.path, vocabularySize: 481)
    let chunks = [" the", "no", "des"].map { #"data: {"choices":[{"text":"\#($0)"}]}"# + "\n\n" }.joined()
    let prompt = InferenceRequest(prompt: [261, 480, 0], maximumNewTokens: 4)
    try await with(Self.stream + chunks, then: .hold, tokenizer: tokenizer) { backend, server in
      let tokens = try await Array(collecting: backend.tokens(for: prompt))
      #expect(try tokens == Array(([261] + tokenizer.encode("no") + tokenizer.encode("des")).prefix(4)))
      var requests = server.requests.makeAsyncIterator()
      let request = try #require(await requests.next())
      let body = try #require(request.components(separatedBy: "\r\n\r\n").last)
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
      #expect(Set(fields.keys) == ["model", "prompt", "max_tokens", "temperature", "stream"])
      #expect(fields["prompt"] as? String == " the<tool><|endoftext|>")
    }
  }

  @Test("A server that says it has hidden tokens, and does not tell them, is given up")
  func hiding() async throws {
    let chunk = #"{"choices":[{"text":"\#u{e9}","logprobs":{"content":[{"id":5}]}}],"timings":{"predicted_n":3}}"#
    try await with(Self.stream + "data: \(chunk)\n\n", then: .hold, idleTimeout: 1) { backend, _ in
      await #expect {
        _ = try await Array(collecting: backend.tokens(for: Self.request))
      } throws: {
        ($0 as? InferenceError)?.kind == .upstreamTimeout
      }
    }
    try await with(Self.stream + "data: \(chunk)\n\n") { backend, server in
      await #expect {
        _ = try await Array(collecting: backend.tokens(for: Self.request))
      } throws: {
        ($0 as? InferenceError)?.kind == .upstream
      }
      var requests = server.requests.makeAsyncIterator()
      _ = try #require(await requests.next())
      let second = try #require(await requests.next())
      #expect(second.contains(#""prompt":[1,99]"#) && second.contains(#""max_tokens":3"#), "\(second)")
    }
  }

  @Test("A server that sends more than was asked for is cut off")
  func generosity() async throws {
    try await with(Self.stream + String(repeating: Self.chunk("[5,6]"), count: 9), then: .hold) { backend, server in
      let tokens = try await Array(collecting: backend.tokens(for: Self.request))
      #expect(tokens == [5, 6, 5])
    }
  }

  @Test(
    "What goes wrong at the server ends with its reason",
    arguments: [
      ("HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nbusy", "503: \"busy\""),
      ("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "307"),
      (stream + chunk("[5]"), "broke off"), (stream + "data: {\n\n", "no completion"), ("rubbish\r\n\r\n", ""),
      (stream + #"data: {"error":{"message":"no memory"}}"# + "\n\n", "no memory"), ("", ""),
    ])
  func failures(_ answer: String, _ reason: String) async throws {
    try await with(answer) { backend, _ in
      await #expect {
        _ = try await Array(collecting: backend.tokens(for: Self.request))
      } throws: {
        ($0 as? InferenceError)?.kind == .upstream && (reason.isEmpty || "\($0)".contains(reason))
      }
    }
  }

  @Test("A server that stalls is given up")
  func stall() async throws {
    try await with(Self.stream + Self.chunk("[5]"), then: .hold, idleTimeout: 1) { backend, _ in
      await #expect {
        _ = try await Array(collecting: backend.tokens(for: Self.request))
      } throws: {
        ($0 as? InferenceError)?.kind == .upstreamTimeout
      }
    }
  }

  @Test(
    "A server that sends something now and then, but no end, is given up",
    arguments: [stream + chunk("[5]"), "HTTP/1.1 503 Unavailable\r\nContent-Length: 60000\r\n\r\n"])
  func trickle(_ answer: String) async throws {
    try await with(answer, then: .trickle(": ping\n\n"), timeout: 1) { backend, server in
      await #expect {
        _ = try await Array(collecting: backend.tokens(for: Self.request))
      } throws: {
        ($0 as? InferenceError)?.kind == .upstreamTimeout
      }
      var hangUps = server.hangUps.makeAsyncIterator()
      let hangUp: Void? = await hangUps.next()
      #expect(hangUp != nil)
    }
  }

  @Test("When the consumer goes away, the server sees its connection end")
  func cancellation() async throws {
    try await with(Self.stream + Self.chunk("[5]"), then: .hold) { backend, server in
      let stream = try await backend.tokens(for: Self.request)
      let (first, taken) = AsyncStream.makeStream(of: Int32.self)
      let consumer = Task { for try await token in stream { taken.yield(token) } }
      var tokens = first.makeAsyncIterator()
      let token = await tokens.next()
      #expect(token == 5)
      consumer.cancel()
      var hangUps = server.hangUps.makeAsyncIterator()
      let hangUp: Void? = await hangUps.next()
      #expect(hangUp != nil)
      _ = await consumer.result
    }
  }

  @Test("It describes the model if the server has it")
  func description() async throws {
    func list(_ name: String) -> String {
      let body = #"{"object":"list","data":[{"id":"\#(name)","object":"model"}]}"#
      return "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    try await with(list("small")) { backend, server in
      let model = try await backend.describe()
      #expect(model.name == "small" && model.hash == nil && model.vocabularySize == 100)
    }
    try await with(list("large")) { backend, _ in
      await #expect { _ = try await backend.describe() } throws: { ($0 as? InferenceError)?.kind == .upstream }
    }
  }
}
