import Foundation

/// An answer of llama.cpp that came at once, with all of its token ids.
struct CompletionsAnswer: Sendable, Equatable {
  let tokens: [Int32]
  /// Why it ended, such as `length`.
  let end: String?

  /// - Throws: ``InferenceError``: `inference.upstream` for what is no completion, `inference.no-token-ids` for one
  ///   without ids.
  init(json: Data, vocabularySize: Int) throws(InferenceError) {
    guard let fields = try? JSONDecoder().decode(Fields.self, from: json) else {
      throw InferenceError(.upstream, "the model server sent an answer that is no completion")
    }
    guard let tokens = fields.__verbose?.tokens else {
      throw InferenceError(.noTokenIDs, "the model server does not name all tokens of its answer")
    }
    try CompletionsReader.check(tokens, vocabularySize: vocabularySize)
    self.tokens = tokens
    end = fields.choices.first?.finish_reason
  }

  /// The members as they are called on the wire.
  private struct Fields: Decodable {
    struct Choice: Decodable {
      let finish_reason: String?
    }

    struct Verbose: Decodable {
      let tokens: [Int32]?
    }

    let choices: [Choice]
    let __verbose: Verbose?
  }
}
