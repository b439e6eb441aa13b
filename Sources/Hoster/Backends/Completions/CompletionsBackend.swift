import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat

/// A model server that speaks OpenAI's completions as a backend: with token ids, such as vLLM, SGLang or llama.cpp, or
/// with text alone, such as Ollama or TGI, which takes a tokenizer.
public final class CompletionsBackend: InferenceBackend {
  /// Which server, and what it serves: its interface does not tell the vocabulary.
  public struct Configuration: Sendable {
    /// Where its interface begins, such as `http://127.0.0.1:8000/v1`.
    public var url: URL
    /// What the server calls the model.
    public var model: String
    public var vocabularySize: Int
    public var contextLength: Int
    /// How long the server may take to send the next byte, in seconds.
    public var idleTimeout: Int64 = 60
    /// How long a whole answer may take, in seconds.
    public var timeout: Int64 = 600
    /// Goes with every request as a bearer token; nil for a server that wants none.
    public var apiKey: String?
    /// The model's tokenizer, for a server that takes and sends text; nil for one that names token ids.
    public var tokenizer: Tokenizer?

    public init(url: URL, model: String, vocabularySize: Int, contextLength: Int) {
      self.url = url
      self.model = model
      self.vocabularySize = vocabularySize
      self.contextLength = contextLength
    }
  }

  /// The longest refusal or list of models read, in bytes.
  private static let maximumBody = 1 << 16
  private static let connectTimeout = TimeAmount.seconds(10)
  /// How long the list of models may take: no model computes for it.
  private static let listTimeout = Duration.seconds(10)

  private let configuration: Configuration
  private let client: HTTPClient

  public init(_ configuration: Configuration) {
    self.configuration = configuration
    // Redirections are not followed: prompts go to the server that was named and nowhere else.
    let timeout = HTTPClient.Configuration.Timeout(
      connect: Self.connectTimeout, read: .seconds(configuration.idleTimeout))
    client = HTTPClient(
      eventLoopGroupProvider: .singleton,
      configuration: HTTPClient.Configuration(redirectConfiguration: .disallow, timeout: timeout))
  }

  /// Closes its connections. No request may be running.
  public func shutdown() async throws { try await client.shutdown() }

  /// - Throws: ``InferenceError`` `inference.upstream` if the server is not there or does not have the model.
  public func describe() async throws -> ModelDescription {
    let body = try await within(.now + Self.listTimeout) { [self] in
      let response = try await execute(HTTPClientRequest(url: url("models")))
      return try await translating { try await response.body.collect(upTo: Self.maximumBody) }
    }
    struct Models: Decodable {
      struct Model: Decodable { let id: String }
      let data: [Model]
    }
    guard let models = try? JSONDecoder().decode(Models.self, from: body),
      models.data.contains(where: { $0.id == configuration.model })
    else { throw InferenceError(.upstream, "the model server does not have the model \(configuration.model.quoted())") }
    return description
  }

  public func tokens(for request: InferenceRequest) async throws -> TokenStream {
    try request.check(against: description)
    var http = try self.request(for: question(for: request))
    http.headers.add(name: "Accept", value: "text/event-stream")
    let end = ContinuousClock.now + .seconds(configuration.timeout)
    let response = try await within(end) { [self, http] in try await execute(http) }
    let (stream, answer) = TokenStream.makeStream()
    let task = Task {
      do {
        try await self.within(end) { [self] in
          try await translating { try await relay(response, to: answer, of: request) }
        }
        answer.finish()
      } catch { answer.finish(throwing: error) }
    }
    answer.onTermination = { _ in task.cancel() }
    return stream
  }

  /// Hands on the tokens, no more than were asked for, so that what waits for the consumer is bounded.
  private func relay(
    _ response: HTTPClientResponse, to answer: TokenStream.Continuation, of request: InferenceRequest
  ) async throws {
    var reader = CompletionsReader(vocabularySize: configuration.vocabularySize, tokenizer: configuration.tokenizer)
    var given: [Int32] = []
    for try await bytes in response.body {
      for part in try reader.receive(bytes.readableBytesView) {
        let tokens = try await complete(part, behind: given, of: request)
        for token in tokens.prefix(request.maximumNewTokens - given.count) {
          answer.yield(token)
          given.append(token)
        }
        // A part that ends the answer may be followed by others, but not by tokens.
        if given.count == request.maximumNewTokens || part.end != nil { return }
      }
      if reader.isDone { return }
    }
    try reader.finish()
  }

  /// The tokens of a part, and those before it that the server has not named.
  private func complete(
    _ part: CompletionsPart, behind given: [Int32], of request: InferenceRequest
  ) async throws -> [Int32] {
    let missing = part.missing(behind: given.count)
    guard missing > 0 else { return part.tokens }
    let count = min(missing + part.tokens.count, request.maximumNewTokens - given.count)
    let response = try await execute(
      self.request(for: .whole(request.prompt + given, model: configuration.model, count: count)))
    let body = try await response.body.collect(upTo: ServerSentEvents.maximumLength)
    let whole = try CompletionsAnswer(json: Data(body.readableBytesView), vocabularySize: configuration.vocabularySize)
    return try part.completed(by: whole, count: count, missing: missing)
  }

  private func question(for request: InferenceRequest) -> CompletionsQuestion {
    let (model, count) = (configuration.model, request.maximumNewTokens)
    guard let tokenizer = configuration.tokenizer else { return .streamed(request.prompt, model: model, count: count) }
    return .streamed(tokenizer.decode(request.prompt), model: model, count: count)
  }

  private func request(for question: CompletionsQuestion) throws -> HTTPClientRequest {
    var http = HTTPClientRequest(url: url("completions"))
    http.method = .POST
    http.headers.add(name: "Content-Type", value: "application/json")
    http.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(question)))
    return http
  }

  public var knownModel: ModelDescription? { description }

  private var description: ModelDescription {
    ModelDescription(
      name: configuration.model, hash: nil, vocabularySize: configuration.vocabularySize,
      contextLength: configuration.contextLength, type: nil)
  }

  private func url(_ path: String) -> String { configuration.url.appending(path: path).absoluteString }

  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    var request = request
    if let key = configuration.apiKey { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    let response = try await translating { [request] in
      do {
        return try await client.execute(request, timeout: .seconds(configuration.timeout))
      } catch  where Self.isOfClosedConnection(error) {
        // The server had closed a connection that was kept for the next request. Asking twice changes nothing.
        return try await client.execute(request, timeout: .seconds(configuration.timeout))
      }
    }
    guard response.status == .ok else {
      let body = try? await response.body.collect(upTo: Self.maximumBody)
      let reason = body.map { String(buffer: $0).quoted(limit: 200) } ?? "no reason given"
      throw InferenceError(.upstream, "the model server answered \(response.status.code): \(reason)")
    }
    return response
  }

  private static func isOfClosedConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .remoteConnectionClosed
    case ChannelError.ioOnClosedChannel: true
    case let error as IOError: [ECONNRESET, EPIPE].contains(error.errnoCode)
    default: false
    }
  }

  /// Ends what has not ended by a time: a server that sends something now and then, but no tokens, is never idle.
  private func within<Value: Sendable>(
    _ end: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      defer { group.cancelAll() }
      group.addTask(operation: body)
      group.addTask {
        try await Task.sleep(until: end)
        throw InferenceError(.upstreamTimeout, "the model server's answer did not end in time")
      }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }

  private func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as InferenceError {
      throw error
    } catch let error as HTTPClientError where [.readTimeout, .deadlineExceeded, .connectTimeout].contains(error) {
      throw InferenceError(.upstreamTimeout, "the model server did not answer in time")
    } catch {
      throw InferenceError(
        .upstream, "the model server can't be reached or broke off: \("\(error)".quoted(limit: 200))")
    }
  }
}

extension CompletionsBackend.Configuration: CustomReflectable, CustomStringConvertible {
  /// Without the key.
  public var description: String { "\(model.quoted()) at \(url.host() ?? "?")" }
  public var customMirror: Mirror { Mirror(self, children: ["model": model, "host": url.host() ?? "?"]) }
}
