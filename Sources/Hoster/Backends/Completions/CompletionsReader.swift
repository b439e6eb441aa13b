import Foundation

/// Reads the token ids out of a streamed answer to `/v1/completions`.
///
/// Each event is a JSON chunk whose choice holds `token_ids`, as vLLM and SGLang send them when the request says
/// `return_token_ids`; the event `[DONE]` is the last. What comes from the server is not trusted.
struct CompletionsReader: Sendable {
  /// Whether the answer is complete.
  private(set) var isDone = false
  private let vocabularySize: Int
  private var events = ServerSentEvents()

  init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// Takes what arrived.
  ///
  /// - Returns: the tokens that it brought.
  /// - Throws: ``InferenceError``: `inference.upstream` for an error of the server or a chunk that is none,
  ///   `inference.no-token-ids` for one with text alone.
  mutating func receive(_ bytes: some Sequence<UInt8>) throws(InferenceError) -> [Int32] {
    var tokens: [Int32] = []
    for event in try events.receive(bytes) where !isDone {
      if event.elementsEqual("[DONE]".utf8) {
        isDone = true
      } else {
        tokens += try self.tokens(of: event)
      }
    }
    return tokens
  }

  /// Says that the body has ended.
  ///
  /// - Throws: ``InferenceError`` `inference.upstream` if the answer is not complete.
  func finish() throws(InferenceError) {
    guard isDone else { throw InferenceError(.upstream, "the model server broke off its answer") }
  }

  private func tokens(of event: [UInt8]) throws(InferenceError) -> [Int32] {
    guard let chunk = try? JSONDecoder().decode(Chunk.self, from: Data(event)) else {
      throw InferenceError(.upstream, "the model server sent an event that is no completion")
    }
    if let error = chunk.error {
      throw InferenceError(.upstream, "the model server failed: \((error.message ?? "no reason given").quoted())")
    }
    guard let choice = chunk.choices?.first else { return [] }
    guard let tokens = choice.token_ids else {
      guard choice.text?.isEmpty ?? true else {
        throw InferenceError(.noTokenIDs, "the model server answers with text alone")
      }
      return []
    }
    if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
      throw InferenceError(.upstream, "the model server sent token \(token), not one of \(vocabularySize)")
    }
    return tokens
  }

  /// The members as they are called on the wire.
  private struct Chunk: Decodable {
    struct Choice: Decodable {
      let text: String?
      let token_ids: [Int32]?
    }

    struct Failure: Decodable {
      let message: String?
    }

    let choices: [Choice]?
    let error: Failure?
  }
}
