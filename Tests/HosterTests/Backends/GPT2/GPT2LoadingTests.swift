import Crypto
import Foundation
import Testing

@testable import Hoster

@Suite("Models from files")
struct GPT2LoadingTests {
  private static let small = #"{"n_layer":1,"n_head":1,"n_embd":2,"n_positions":3,"vocab_size":4}"#

  @Test("A model that is made is the same for everybody, loads, and is never overwritten")
  func making() throws {
    let (first, second, other) = (TemporaryFolder(), TemporaryFolder(), TemporaryFolder())
    let configuration = try GPT2Configuration(layers: 2, heads: 2, width: 6, vocabulary: 11, context: 5)
    try GPT2.make(configuration, seed: 7, in: first.path)
    try GPT2.make(configuration, seed: 7, in: second.path)
    try GPT2.make(configuration, seed: 8, in: other.path)
    let contents = { (folder: TemporaryFolder) in
      try ["config.json", "model.safetensors"].map { try Data(contentsOf: URL(filePath: "\(folder.path)/\($0)")) }
    }
    #expect(try contents(first) == contents(second))
    let model = try GPT2(folder: first.path)
    #expect(model.configuration == configuration && configuration.parameters == 1128)
    #expect(model.weightsHash == Array(SHA256.hash(data: try contents(first)[1])))
    #expect(model.description == (try GPT2(folder: second.path)).description)
    #expect(model.description.hash != (try GPT2(folder: other.path)).description.hash)
    #expect { try GPT2.make(configuration, seed: 7, in: first.path) } throws: { ($0 as? ModelError)?.kind == .exists }
    #expect(try contents(first) == contents(second))
  }

  @Test("A file that can't be made whole leaves no half of a model behind")
  func unfinished() throws {
    let folder = TemporaryFolder()
    try folder.write([], to: "model.safetensors")
    let configuration = try GPT2Configuration(layers: 1, heads: 1, width: 2, vocabulary: 2, context: 2)
    #expect { try GPT2.make(configuration, seed: 1, in: folder.path) } throws: {
      ($0 as? ModelError)?.kind == .exists
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
  }

  @Test(
    "A configuration that is not computed here, or asks for too much, is refused",
    arguments: [
      ("", ModelError.Code.malformed), ("[]", .malformed), ("{}", .malformed),
      (#"{"n_layer":1.5,"n_head":1,"n_embd":2,"n_positions":3,"vocab_size":4}"#, .malformed),
      (#"{"n_layer":1e999,"n_head":1,"n_embd":2,"n_positions":3,"vocab_size":4}"#, .malformed),
      (adding(#""activation_function":"gelu""#), .unsupported), (adding(#""model_type":"llama""#), .unsupported),
      (adding(#""tie_word_embeddings":false"#), .unsupported), (adding(#""scale_attn_weights":false"#), .unsupported),
      (adding(#""scale_attn_by_inverse_layer_idx":true"#), .unsupported),
      (adding(#""add_cross_attention":true"#), .unsupported), (adding(#""n_inner":0"#), .unsupported),
      (adding(#""n_inner":-8"#), .unsupported), (adding(#""layer_norm_epsilon":0"#), .unsupported),
      (small.replacing("n_head\":1", with: "n_head\":3"), .unsupported),
      (small.replacing("n_head\":1", with: "n_head\":0"), .unsupported),
      (small.replacing("n_layer\":1", with: "n_layer\":513"), .unsupported),
      (small.replacing("n_embd\":2", with: "n_embd\":9223372036854775807"), .unsupported),
      (small.replacing("n_embd\":2", with: "n_embd\":-2"), .unsupported),
      (
        small.replacing("n_layer\":1", with: "n_layer\":512").replacing("n_embd\":2", with: "n_embd\":16384"), .tooLarge
      ),
      (small + String(repeating: " ", count: 1 << 16), .tooLarge),
    ])
  func configuration(_ json: String, _ code: ModelError.Code) {
    #expect { try GPT2Configuration(json: Array(json.utf8)) } throws: { ($0 as? ModelError)?.kind == code }
  }

  private static func adding(_ member: String) -> String { "{\(member),\(small.dropFirst())" }

  @Test("A configuration comes back from what is written of it, unknown members aside")
  func configurationRoundTrip() throws {
    let written = try GPT2Configuration(
      layers: 3, heads: 5, width: 20, innerWidth: 33, vocabulary: 7, context: 9, epsilon: 1e-6)
    #expect(try GPT2Configuration(json: written.json) == written)
    let read = try GPT2Configuration(json: Array(Self.adding(#""torch_dtype":"float16","n_ctx":{}"#).utf8))
    #expect(read.innerWidth == 8 && read.epsilon == 1e-5)
  }

  @Test("Weights that don't belong to the configuration are refused by name")
  func mismatch() throws {
    let folder = TemporaryFolder()
    let configuration = try GPT2Configuration(layers: 1, heads: 1, width: 2, vocabulary: 4, context: 3)
    try GPT2.make(configuration, seed: 1, in: folder.path)
    let path = "\(folder.path)/model.safetensors"
    let whole = try Data(contentsOf: URL(filePath: path))
    func refusal(replacing old: String, with new: String) throws -> ModelError? {
      var changed = whole
      changed.replaceSubrange(try #require(changed.range(of: Data(old.utf8))), with: Data(new.utf8))
      try changed.write(to: URL(filePath: path))
      do {
        _ = try GPT2(folder: folder.path)
        return nil
      } catch {
        return error
      }
    }
    let missing = try #require(try refusal(replacing: "ln_f.bias", with: "ln_x.bias"))
    #expect(missing.kind == .tensorMissing && missing.message.contains("ln_f.bias"))
    let shape = try #require(try refusal(replacing: #""shape":[2,6]"#, with: #""shape":[6,2]"#))
    #expect(shape.kind == .tensorShape && shape.message.contains("attn.c_attn"))
    let type = try #require(try refusal(replacing: #""dtype":"F32""#, with: #""dtype":"I32""#))
    #expect(type.kind == .unsupported)
    let twice = try #require(try refusal(replacing: #""ln_f.weight":"#, with: #""transformer.ln_f.bias":"#))
    #expect(twice.kind == .malformed)
  }
}
