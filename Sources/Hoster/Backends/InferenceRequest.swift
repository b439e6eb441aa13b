/// A prompt to be continued, greedily: the most probable token is appended each time, among equals that with the
/// lowest id.
public struct InferenceRequest: Sendable, Hashable {
  /// Token ids.
  public var prompt: [Int32]
  /// How many tokens to append at most.
  public var maximumNewTokens: Int
  /// Who asks. The server that queues the request sets it.
  public var asker = InferenceAsker.node

  public init(prompt: [Int32], maximumNewTokens: Int) {
    self.prompt = prompt
    self.maximumNewTokens = maximumNewTokens
  }

  /// Refuses what a model can't compute.
  ///
  /// - Throws: ``InferenceError``: `inference.no-prompt`, `inference.unknown-token`, `inference.too-long`,
  ///   `inference.token-count`.
  func check(against model: ModelDescription) throws(InferenceError) {
    guard !prompt.isEmpty else { throw InferenceError(.noPrompt, "the prompt is empty") }
    guard maximumNewTokens > 0 else { throw InferenceError(.tokenCount, "\(maximumNewTokens) tokens are asked for") }
    // The last token of the answer takes no position: nothing is computed from it.
    let (length, overflow) = prompt.count.addingReportingOverflow(maximumNewTokens - 1)
    guard !overflow, length <= model.contextLength else {
      throw InferenceError(
        .tooLong, "\(prompt.count) tokens and \(maximumNewTokens) new ones exceed the context of \(model.contextLength)"
      )
    }
    if let token = prompt.first(where: { $0 < 0 || Int($0) >= model.vocabularySize }) {
      throw InferenceError(.unknownToken, "token \(token) is not in the vocabulary of \(model.vocabularySize)")
    }
  }
}
