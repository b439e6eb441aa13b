import Testing

@testable import Hoster

@Suite("The built-in model computes what the numpy oracle computes")
struct GPT2DecoderTests {
  /// How far logits may lie from those in double precision.
  private static let tolerance = 1e-4

  @Test(
    "Logits are within 10⁻⁴ and tokens are equal, for prompts of one token up to a full context",
    arguments: GoldenModel.allCases)
  func golden(_ golden: GoldenModel) throws {
    let model = try GPT2(folder: golden.folder.path)
    for expected in try golden.cases() {
      var decoder = GPT2Decoder(model, capacity: expected.prompt.count + expected.tokens.count - 1)
      var rest = expected.prompt[...]
      while !rest.isEmpty {
        decoder.append(rest.prefix(GPT2Decoder.maximumStep))
        rest = rest.dropFirst(GPT2Decoder.maximumStep)
      }
      expectClose(decoder.logits, expected.logits)
      var tokens: [Int32] = []
      for _ in expected.tokens {
        if let last = tokens.last { decoder.append([last]) }
        tokens.append(try #require(decoder.bestToken))
      }
      #expect(tokens == expected.tokens)
      expectClose(decoder.logits, expected.lastLogits)
      #expect(decoder.count == expected.prompt.count + expected.tokens.count - 1)
    }
  }

  @Test("Logits are the same bits however the prompt is cut")
  func cuts() throws {
    let model = try GPT2(folder: GoldenModel.f32.folder.path)
    let prompt = try #require(try GoldenModel.f32.cases().first { $0.prompt.count == 17 }).prompt
    let reference = bits(model, prompt, step: 1)
    for step in [2, 5, 16] { #expect(bits(model, prompt, step: step) == reference) }
  }

  @Test("A step that is given up before any block leaves the sequence as it was")
  func givenUp() throws {
    let model = try GPT2(folder: GoldenModel.f32.folder.path)
    let prompt = try #require(try GoldenModel.f32.cases().first { $0.prompt.count == 17 }).prompt
    for blocks in 0..<model.configuration.layers {
      var decoder = GPT2Decoder(model, capacity: prompt.count)
      decoder.append(prompt.prefix(3))
      var left = blocks
      let isWhole = decoder.append(prompt[3..<12]) {
        left -= 1
        return left >= 0
      }
      #expect(!isWhole && left == -1 && decoder.count == 3)
      decoder.append(prompt[3..<17])
      #expect(decoder.logits.map(\.bitPattern) == bits(model, prompt, step: 1))
    }
  }

  @Test("P-56 the number of threads does not change a bit")
  func threads() throws {
    let folder = TemporaryFolder()
    let configuration = try GPT2Configuration(layers: 1, heads: 4, width: 128, vocabulary: 301, context: 16)
    try GPT2.make(configuration, seed: 1, in: folder.path)
    let model = try GPT2(folder: folder.path)
    let prompt: [Int32] = [300, 0, 7, 150, 31, 7, 8, 9, 10, 11, 12]
    let reference = bits(model, prompt, step: 11)
    for threads in [2, 3, 64] { #expect(bits(model, prompt, step: 11, threads: threads) == reference) }
  }

  private func bits(_ model: GPT2, _ prompt: [Int32], step: Int, threads: Int = 1) -> [UInt32] {
    var decoder = GPT2Decoder(model, capacity: prompt.count, threads: threads)
    for start in stride(from: 0, to: prompt.count, by: step) { decoder.append(prompt[start...].prefix(step)) }
    return decoder.logits.map(\.bitPattern)
  }

  private func expectClose(_ logits: [Float], _ expected: [Double]) {
    #expect(logits.count == expected.count)
    let distance = zip(logits, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(distance < Self.tolerance)
  }
}
