import Testing

@testable import Hoster

@Suite("Models that others load", .serialized, .timeLimit(.minutes(5)))
struct NumpyInteropTests {
  @Test(
    "numpy, reading with the safetensors package what model init wrote, computes the same tokens and logits",
    .enabled(if: NumpyOracle.isThere, "numpy is not there"), arguments: [1, 2] as [UInt64])
  func live(_ seed: UInt64) async throws {
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: seed)
    let configuration = try GPT2Configuration(layers: 2, heads: 3, width: 48, vocabulary: 211, context: 40)
    try GPT2.make(configuration, seed: seed, in: folder.path)
    let model = try GPT2(folder: folder.path)
    let prompt = (0..<9).map { _ in Int32.random(in: 0..<211, using: &random) }
    let expected = try await NumpyOracle.run(folder.path, prompt: prompt, new: 32)
    let stream = try await GPT2Backend(model).tokens(for: InferenceRequest(prompt: prompt, maximumNewTokens: 32))
    #expect(try await Array(collecting: stream) == expected.tokens)
    var decoder = GPT2Decoder(model, capacity: prompt.count)
    decoder.append(prompt)
    #expect(zip(decoder.logits, expected.logits).allSatisfy { abs(Double($0) - $1) < 1e-4 })
    #expect(decoder.logits.count == expected.logits.count)
  }
}
