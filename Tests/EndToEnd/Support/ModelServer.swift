import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing

/// A model server with OpenAI's completions and token ids, as vLLM serves them, or with text alone, as Ollama does; also
/// what stands behind routes of the API protocol.
final class ModelServer: Sendable {
  /// How it goes on behind the first token of an answer.
  enum Behaviour: Sendable {
    case answers
    /// Sends nothing more until it behaves otherwise, and keeps the connection.
    case stalls
    /// Sends what is no event with a completion.
    case breaks
    /// Sends text without token ids.
    case textAlone
    /// Refuses everything with 503.
    case fails
  }

  static let model = "test-model"

  /// Where its interface begins.
  let url: String
  /// Where it listens.
  let base: String
  private let handling: Handling

  /// Runs `body` beside the server.
  ///
  /// - Parameters:
  ///   - key: the API key that every request has to bear; nil for a server that wants none.
  ///   - knowsTokens: whether prompts and answers are token ids. Otherwise they are text, and it answers with the letters
  ///     of the prompt, again and again.
  static func with(
    key: String? = nil, knowsTokens: Bool = true, _ body: (ModelServer) async throws -> Void
  ) async throws {
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    let handling = Handling(key: key, knowsTokens: knowsTokens)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let application = Application(
      router: handling.router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
    let running = Task { try await application.run() }
    defer { running.cancel() }
    var port = 0
    for await found in ports {
      port = found
      break
    }
    try await body(ModelServer(port: port, handling))
  }

  private init(port: Int, _ handling: Handling) {
    base = "http://127.0.0.1:\(port)"
    url = "\(base)/v1"
    self.handling = handling
  }

  /// How it answers from now on.
  func behave(_ behaviour: Behaviour) { handling.behaviour.withLock { $0 = behaviour } }

  /// Waits until somebody has asked for a completion.
  func isAsked() async throws {
    let end = ContinuousClock.now + RunningProgram.patience
    while handling.questions.withLock(\.self) == 0 {
      try #require(ContinuousClock.now < end, "nobody asked")
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// What it appends to a prompt.
  static func tokens(_ prompt: [Int64], count: Int) -> [Int64] {
    let sum = prompt.reduce(0, +)
    return (1...Int64(count)).map { (sum + $0) % Handling.vocabulary }
  }
}

/// The server's side of it.
private final class Handling: Sendable {
  static let vocabulary = Int64(ManualSubnet.vocabulary)

  let key: String?
  let knowsTokens: Bool
  let behaviour = Mutex(ModelServer.Behaviour.answers)
  let questions = Mutex(0)

  init(key: String?, knowsTokens: Bool) { (self.key, self.knowsTokens) = (key, knowsTokens) }

  private struct Question: Decodable {
    let model: String
    let prompt: [Int64]
    let max_tokens: Int
    let temperature: Double
    let stream: Bool
    let return_token_ids: Bool
  }

  private struct TextQuestion: Decodable {
    let model: String
    let prompt: String
    let max_tokens: Int
    let temperature: Double
    let stream: Bool
    let return_token_ids: Bool?
  }

  var router: Router<BasicRequestContext> {
    let router = Router()
    router.get("health") { _, _ in #"{"ok":true}"# }
    router.get("pieces") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          for piece in ["one,", "two,", "three"] {
            try await writer.write(ByteBuffer(string: piece))
            try await Task.sleep(for: .milliseconds(20))
          }
          try await writer.finish(nil)
        })
    }
    router.get("v1/models") { [self] request, _ in
      if let refusal = refusal(of: request) { return refusal }
      return Response(
        status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"data":[{"id":"\#(ModelServer.model)"}]}"#)))
    }
    router.post("v1/completions") { [self] request, _ in
      if let refusal = refusal(of: request) { return refusal }
      let body = try await request.body.collect(upTo: 1 << 20)
      if !knowsTokens { return answer(text: Data(body.readableBytesView)) }
      guard let question = try? JSONDecoder().decode(Question.self, from: Data(body.readableBytesView)),
        question.model == ModelServer.model, question.stream, question.return_token_ids, question.temperature == 0
      else { return Response(status: .badRequest) }
      questions.withLock { $0 += 1 }
      return Response(
        status: .ok, headers: [.contentType: "text/event-stream"],
        body: ResponseBody { [self] writer in
          for (index, token) in ModelServer.tokens(question.prompt, count: question.max_tokens).enumerated() {
            let text = index == 0 ? Self.event(token) : try await next(token)
            try await writer.write(ByteBuffer(string: text))
          }
          try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
          try await writer.finish(nil)
        })
    }
    return router
  }

  private func answer(text body: Data) -> Response {
    guard let question = try? JSONDecoder().decode(TextQuestion.self, from: body), question.model == ModelServer.model,
      question.stream, question.return_token_ids == nil, question.temperature == 0, !question.prompt.isEmpty
    else { return Response(status: .badRequest) }
    questions.withLock { $0 += 1 }
    let letters = question.prompt.unicodeScalars.map { String($0) }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream"],
      body: ResponseBody { writer in
        for index in 0..<question.max_tokens {
          let text = String(decoding: try JSONEncoder().encode(letters[index % letters.count]), as: UTF8.self)
          try await writer.write(ByteBuffer(string: "data: {\"choices\":[{\"text\":\(text)}]}\n\n"))
        }
        try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
        try await writer.finish(nil)
      })
  }

  private static func event(_ token: Int64) -> String {
    "data: {\"choices\":[{\"text\":\"t\",\"token_ids\":[\(token)]}]}\n\n"
  }

  private func next(_ token: Int64) async throws -> String {
    switch behaviour.withLock(\.self) {
    case .answers, .fails: return Self.event(token)
    case .stalls:
      while case .stalls = behaviour.withLock(\.self) { try await Task.sleep(for: .milliseconds(20)) }
      return Self.event(token)
    case .breaks: return "data: {\"choices\": [nonsense\n\n"
    case .textAlone: return "data: {\"choices\":[{\"text\":\"words\"}]}\n\n"
    }
  }

  private func refusal(of request: Request) -> Response? {
    if case .fails = behaviour.withLock(\.self) { return Response(status: .serviceUnavailable) }
    guard let key, request.headers[.authorization] != "Bearer \(key)" else { return nil }
    return Response(status: .unauthorized)
  }
}
