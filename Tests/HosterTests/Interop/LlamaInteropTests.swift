import Testing

@testable import Hoster

@Suite("llama.cpp", .serialized, .timeLimit(.minutes(10)), .enabled(if: LlamaServer.isThere, "xllamacpp is not there"))
struct LlamaInteropTests {
  /// Prompts whose text llama.cpp cuts into the same tokens: "the", "a", "she is", "time".
  private static let words: [[Int32]] = [[315, 68], [64], [445, 68, 260, 82], [312, 620]]

  private static func model(seed: UInt64, context: Int = 64, in folder: TemporaryFolder) throws -> GPT2 {
    let shape = try GPT2Configuration(layers: 2, heads: 3, width: 48, vocabulary: 1024, context: context)
    try GPT2.make(shape, seed: seed, in: folder.path)
    return try GPT2(folder: folder.path)
  }

  private static func tokens(_ backend: some InferenceBackend, _ prompt: [Int32], _ count: Int = 24) async throws
    -> [Int32]
  {
    try await Array(collecting: backend.tokens(for: InferenceRequest(prompt: prompt, maximumNewTokens: count)))
  }

  @Test(
    "Its token ids are those of the built-in model, also those of bytes that it holds back until a character is whole")
  func ids() async throws {
    let folder = TemporaryFolder()
    let model = try Self.model(seed: 2, in: folder)
    let own = GPT2Backend(model)
    try await LlamaServer.with(folder.path) { server in
      try await server.asked(by: model) { backend in
        let description = try await backend.describe()
        #expect(description.name == "small" && description.vocabularySize == 1024)
        var bytes = 0
        for prompt in Self.words + [[15, 0, 7], [40, 300, 600], [991, 287, 984, 444], [415]] {
          let expected = try await Self.tokens(own, prompt)
          // The token that ends answers elsewhere; the built-in model has none.
          try #require(!expected.contains(1023))
          #expect(try await Self.tokens(backend, prompt) == expected)
          // Twice, since what the server keeps of the first time must not change the answer; and cut in between.
          #expect(try await Self.tokens(backend, prompt, 7) == Array(expected.prefix(7)))
          // Where its vocabulary has the bytes from 0x80 on.
          bytes += expected.count { 94..<188 ~= $0 || 222..<256 ~= $0 }
        }
        #expect(bytes > 20, "nothing was held back")
      }
    }
  }

  @Test("With text in place of ids the tokens are the same where the text holds them all")
  func text() async throws {
    let folder = TemporaryFolder()
    let model = try Self.model(seed: 3, in: folder)
    let own = GPT2Backend(model)
    try await LlamaServer.with(folder.path) { server in
      let tokenizer = try server.tokenizer(model)
      try await server.asked(by: model, withText: true) { backend in
        var whole = 0
        for prompt in Self.words {
          let expected = try await Self.tokens(own, prompt)
          try #require(!expected.contains(1023))
          let answer = try await Self.tokens(backend, prompt)
          // Up to the first byte that is no character of its own.
          let same = expected.prefix { !tokenizer.decode([$0]).contains("\u{fffd}") }
          #expect(answer.prefix(same.count) == same, "\(prompt)")
          whole += same.count
        }
        #expect(whole > 80, "few tokens were whole characters")
      }
    }
  }

  @Test("The tokenizer makes the text that llama.cpp makes, and the tokens of its words")
  func tokenizer() async throws {
    let folder = TemporaryFolder()
    let model = try Self.model(seed: 3, in: folder)
    struct Text: Decodable {
      let content: String
    }
    struct Tokens: Decodable {
      let tokens: [Int32]
    }
    try await LlamaServer.with(folder.path) { server in
      let tokenizer = try server.tokenizer(model)
      var random = SeededGenerator(seed: 4)
      for length in 1...20 {
        // Of whole characters, and then any that are no text.
        let ids = (0..<length).map { _ in Int32.random(in: 256..<1024, using: &random) }
        let text: Text = try await server.post("detokenize", ["tokens": ids])
        #expect(tokenizer.decode(ids) == text.content)
      }
      for word in [" the", "seashore", " strength", "ß", "👍🏽", "x1", " \u{e9}t\u{e9}", "ttttttttttt"] {
        let tokens: Tokens = try await server.post("tokenize", ["content": word])
        #expect(try tokenizer.encode(word) == tokens.tokens, "\(word)")
      }
    }
  }

  @Test("When the consumer goes away, it stops computing")
  func cancellation() async throws {
    let folder = TemporaryFolder()
    let context = 16_384
    let model = try Self.model(seed: 2, context: context, in: folder)
    try await LlamaServer.with(folder.path) { server in
      try await server.asked(by: model) { backend in
        let request = InferenceRequest(prompt: [64], maximumNewTokens: context - 100)
        let stream = try await backend.tokens(for: request)
        let (taken, take) = AsyncStream.makeStream(of: Int32.self)
        let consumer = Task { for try await token in stream { take.yield(token) } }
        for await _ in taken { break }
        #expect(try await server.slots.contains(where: \.is_processing))
        consumer.cancel()
        _ = await consumer.result
        var slots = try await server.slots
        while slots.contains(where: \.is_processing) { slots = try await server.slots }
        let computed = try #require(slots.compactMap(\.n_prompt_tokens).max())
        #expect(computed < request.maximumNewTokens, "it computed all \(computed)")
      }
    }
  }
}
