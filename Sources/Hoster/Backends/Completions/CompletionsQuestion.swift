/// A request to `/v1/completions` as it goes over the wire: greedy, since hosters must agree.
struct CompletionsQuestion: Encodable {
  /// What is to be continued.
  enum Prompt: Encodable {
    case tokens([Int32])
    case text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .tokens(let tokens): try container.encode(tokens)
      case .text(let text): try container.encode(text)
      }
    }
  }

  private let model: String
  private let prompt: Prompt
  private let max_tokens: Int
  private let temperature = 0
  private let stream: Bool
  /// vLLM and SGLang.
  private var return_token_ids: Bool?
  /// llama.cpp: ids come with probabilities. What it keeps of earlier prompts may change the last bits of those, and
  /// so a token: it is not used.
  private var n_probs: Int?
  private var timings_per_token: Bool?
  private var cache_prompt: Bool?
  private var return_tokens: Bool?
  private var verbose: Bool?

  /// With a prompt of token ids, for a stream that names token ids. Each server ignores what another one knows.
  static func streamed(_ prompt: [Int32], model: String, count: Int) -> CompletionsQuestion {
    var question = CompletionsQuestion(model: model, prompt: .tokens(prompt), max_tokens: count, stream: true)
    (question.return_token_ids, question.n_probs) = (true, 1)
    (question.timings_per_token, question.cache_prompt) = (true, false)
    return question
  }

  /// With a prompt of text, and nothing that OpenAI's servers don't know.
  static func streamed(_ prompt: String, model: String, count: Int) -> CompletionsQuestion {
    CompletionsQuestion(model: model, prompt: .text(prompt), max_tokens: count, stream: true)
  }

  /// For all token ids of an answer at once, as llama.cpp names them.
  static func whole(_ prompt: [Int32], model: String, count: Int) -> CompletionsQuestion {
    var question = CompletionsQuestion(model: model, prompt: .tokens(prompt), max_tokens: count, stream: false)
    (question.return_tokens, question.verbose, question.cache_prompt) = (true, true, false)
    return question
  }

  private init(model: String, prompt: Prompt, max_tokens: Int, stream: Bool) {
    (self.model, self.prompt, self.max_tokens, self.stream) = (model, prompt, max_tokens, stream)
  }
}
