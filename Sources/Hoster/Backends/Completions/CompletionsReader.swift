import Foundation

/// Reads the token ids out of a streamed answer to `/v1/completions`.
///
/// Each event is a JSON chunk; the event `[DONE]` is the last. Its choice holds `token_ids`, as vLLM and SGLang send
/// them when the request says `return_token_ids`, or an `id` for each token in its `logprobs`, as llama.cpp does. Text
/// alone takes a tokenizer. What comes from the server is not trusted.
struct CompletionsReader: Sendable {
  /// Whether the answer is complete.
  private(set) var isDone = false
  private let vocabularySize: Int
  private let tokenizer: Tokenizer?
  private var events = ServerSentEvents()

  /// - Parameter tokenizer: turns text into tokens; nil to refuse text without ids.
  init(vocabularySize: Int, tokenizer: Tokenizer? = nil) {
    (self.vocabularySize, self.tokenizer) = (vocabularySize, tokenizer)
  }

  /// Takes what arrived.
  ///
  /// - Returns: what each complete event brought.
  /// - Throws: ``InferenceError``: `inference.upstream` for an error of the server or a chunk that is none,
  ///   `inference.no-token-ids` for one with text alone.
  mutating func receive(_ bytes: some Sequence<UInt8>) throws(InferenceError) -> [CompletionsPart] {
    var parts: [CompletionsPart] = []
    for event in try events.receive(bytes) where !isDone {
      if event.elementsEqual("[DONE]".utf8) {
        isDone = true
      } else if let part = try part(of: event) {
        parts.append(part)
      }
    }
    return parts
  }

  /// Says that the body has ended.
  ///
  /// - Throws: ``InferenceError`` `inference.upstream` if the answer is not complete.
  func finish() throws(InferenceError) {
    guard isDone else { throw InferenceError(.upstream, "the model server broke off its answer") }
  }

  /// - Throws: ``InferenceError`` `inference.upstream` for a token that is not in the vocabulary.
  static func check(_ tokens: [Int32], vocabularySize: Int) throws(InferenceError) {
    if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
      throw InferenceError(.upstream, "the model server sent token \(token), not one of \(vocabularySize)")
    }
  }

  private func part(of event: [UInt8]) throws(InferenceError) -> CompletionsPart? {
    guard let chunk = try? JSONDecoder().decode(Chunk.self, from: Data(event)) else {
      throw InferenceError(.upstream, "the model server sent an event that is no completion")
    }
    if let error = chunk.error {
      throw InferenceError(.upstream, "the model server failed: \((error.message ?? "no reason given").quoted())")
    }
    guard let choice = chunk.choices?.first else { return nil }
    let text = choice.text ?? ""
    var part = CompletionsPart(end: choice.finish_reason)
    if let tokens = choice.token_ids {
      part.tokens = tokens
    } else if let tokens = choice.logprobs?.ids {
      part.tokens = tokens
      part.mayHide = text.utf8.contains { $0 >= 0x80 }
    } else if let tokenizer {
      part.tokens = try tokenizer.encode(text)
    } else if !text.isEmpty {
      throw InferenceError(.noTokenIDs, "the model server answers with text alone")
    }
    // What is counted are not the tokens that a tokenizer makes of the text.
    if tokenizer == nil { part.computed = chunk.timings?.predicted_n }
    try Self.check(part.tokens, vocabularySize: vocabularySize)
    return part
  }

  /// The members as they are called on the wire.
  private struct Chunk: Decodable {
    struct Choice: Decodable {
      let text: String?
      let token_ids: [Int32]?
      let logprobs: Probabilities?
      let finish_reason: String?
    }

    struct Probabilities: Decodable {
      struct Token: Decodable {
        let id: Int32?
      }

      let content: [Token]?

      /// Those of all tokens; nil if one has none.
      var ids: [Int32]? {
        guard let ids = content?.compactMap(\.id), ids.count == content?.count else { return nil }
        return ids
      }
    }

    struct Timings: Decodable {
      let predicted_n: Int?
    }

    struct Failure: Decodable {
      let message: String?
    }

    let choices: [Choice]?
    let error: Failure?
    let timings: Timings?
  }
}
