import Foundation
import FoundationNetworking
import Testing

@testable import Hoster

/// llama.cpp's HTTP server with a model of ours, `Tests/Interop/model/llama_server.py` as a child process.
struct LlamaServer {
  /// What it says of one of its places for a request.
  struct Slot: Decodable {
    let is_processing: Bool
    /// Tokens of the prompt and the answer, as many as were computed.
    let n_prompt_tokens: Int?
  }

  private struct Ready: Decodable {
    let port: Int
  }

  struct Failure: Error {
    let output: String
  }

  /// How long it may run before it is ended.
  private static let limit: TimeInterval = 240

  let port: Int
  /// Where its files are.
  let folder: String

  /// Whether xllamacpp and gguf are there.
  static var isThere: Bool { NumpyOracle.hasPackages(["numpy", "safetensors", "xllamacpp", "gguf"]) }

  /// Runs `body` beside a server that has the model of a folder.
  static func with(_ model: String, _ body: (LlamaServer) async throws -> Void) async throws {
    let folder = TemporaryFolder()
    let log = try folder.write([], to: "log")
    let process = Process()
    process.executableURL = NumpyOracle.python
    let script = NumpyOracle.package.appending(path: "Tests/Interop/model/llama_server.py")
    process.arguments = [script.path, model, folder.path]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: log)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    let identifier = process.processIdentifier
    let watchdog = Task {
      try await Task.sleep(for: .seconds(limit))
      kill(identifier, SIGKILL)
    }
    let result: Result<Void, any Error>
    do {
      guard let ready = try? JSONDecoder().decode(Ready.self, from: await firstLine(of: output)) else {
        throw Failure(output: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
      }
      result = .success(try await body(LlamaServer(port: ready.port, folder: folder.path)))
    } catch {
      result = .failure(error)
    }
    try? input.fileHandleForWriting.close()
    kill(identifier, SIGKILL)
    for await _ in ends {}
    watchdog.cancel()
    try result.get()
  }

  private static func firstLine(of pipe: Pipe) async -> Data {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "llama").async {
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
          let data = pipe.fileHandleForReading.availableData
          guard !data.isEmpty else { break }
          line += data
        }
        continuation.resume(returning: line)
      }
    }
  }

  /// Runs `body` with a backend that asks it.
  ///
  /// - Parameter withText: whether prompts and answers go as text.
  func asked(
    by model: GPT2, withText: Bool = false, _ body: (CompletionsBackend) async throws -> Void
  ) async throws {
    var configuration = CompletionsBackend.Configuration(
      url: try #require(URL(string: "http://127.0.0.1:\(port)/v1")), model: "small",
      vocabularySize: model.configuration.vocabulary, contextLength: model.configuration.context)
    if withText { configuration.tokenizer = try tokenizer(model) }
    let backend = CompletionsBackend(configuration)
    do {
      try await body(backend)
    } catch {
      try? await backend.shutdown()
      throw error
    }
    try await backend.shutdown()
  }

  func tokenizer(_ model: GPT2) throws -> Tokenizer {
    try Tokenizer(contentsOf: "\(folder)/tokenizer.json", vocabularySize: model.configuration.vocabulary)
  }

  var slots: [Slot] {
    get async throws {
      let url = try #require(URL(string: "http://127.0.0.1:\(port)/slots"))
      return try JSONDecoder().decode([Slot].self, from: await URLSession.shared.data(from: url).0)
    }
  }

  /// Its own text of token ids, and its own token ids of a text.
  func post<Answer: Decodable>(_ path: String, _ body: [String: some Encodable]) async throws -> Answer {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)/\(path)")))
    request.httpMethod = "POST"
    request.httpBody = try JSONEncoder().encode(body)
    return try JSONDecoder().decode(Answer.self, from: await URLSession.shared.data(for: request).0)
  }
}
