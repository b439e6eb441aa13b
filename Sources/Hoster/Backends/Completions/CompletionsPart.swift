/// What one event of a streamed answer brought.
struct CompletionsPart: Sendable, Equatable {
  /// The tokens that it names.
  var tokens: [Int32] = []
  /// How many tokens of the answer the server says it has computed; nil where it does not say.
  var computed: Int?
  /// Whether its text has characters of more than one byte, whose first bytes may have been tokens of their own.
  var mayHide = false
  /// Why the answer has ended, such as `length`; nil while it goes on.
  var end: String?

  /// How many tokens are missing between those that came before and these.
  ///
  /// llama.cpp sends a character when it is whole, and names only the token that completed it. It may also count ahead,
  /// when it computes several tokens at a time, so what is missing has to be asked for: ``completed(by:count:missing:)``.
  func missing(behind count: Int) -> Int {
    guard let computed, computed > count + tokens.count, tokens.isEmpty ? end != nil : mayHide else { return 0 }
    return computed - count - tokens.count
  }

  /// The tokens of this part, and those before it that are missing.
  ///
  /// - Parameters:
  ///   - answer: what the server appends to all tokens before, asked for `count`.
  ///   - count: as many as are missing and named, or only as many as are still wanted.
  ///   - missing: how many are missing, if the server has not counted ahead.
  /// - Throws: ``InferenceError`` `inference.upstream` if that is another answer.
  func completed(by answer: CompletionsAnswer, count: Int, missing: Int) throws(InferenceError) -> [Int32] {
    // It has counted ahead, and hidden nothing.
    if !tokens.isEmpty, answer.tokens.starts(with: tokens) { return tokens }
    // If it has ended by itself, it must do so again: what it appends to an end is no part of the answer.
    if tokens.isEmpty, end == "stop", answer.end != "stop" || answer.tokens.count != count { return [] }
    guard answer.tokens.count == count,
      count < missing + tokens.count || answer.tokens.suffix(tokens.count) == tokens[...]
    else { throw InferenceError(.upstream, "the model server gives another answer when it is asked again") }
    return answer.tokens
  }
}
