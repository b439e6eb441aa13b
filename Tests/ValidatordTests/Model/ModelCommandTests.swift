import Foundation
import Testing

@Suite("The model commands")
struct ModelCommandTests {
  private struct Answer: Decodable, Equatable {
    var folder: String
    var hash: String
    var weightsHash: String
    var parameters: Int
    var vocabulary: Int
  }

  private struct Continuation: Decodable {
    var tokens: [Int32]
  }

  private static let shape = ["--layers", "1", "--heads", "2", "--width", "8", "--vocabulary", "20", "--context", "16"]

  @Test("What init makes, inspect reads and run continues, the same whatever the threads")
  func roundTrip() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-model-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func answer<Answer: Decodable>(_ arguments: [String], as type: Answer.Type) async throws -> Answer {
      let result = try await Program.run(["model"] + arguments + ["--format", "json"])
      #expect(result.status == 0, "\(result.errors)")
      return try JSONDecoder().decode(type, from: Data(result.output.utf8))
    }
    let made = try await answer(["init", "--seed", "1", "--out", folder] + Self.shape, as: Answer.self)
    #expect(made.parameters == 1176 && made.vocabulary == 20 && made.hash.count == 64 && made.hash != made.weightsHash)
    #expect(try await answer(["inspect", folder], as: Answer.self) == made)
    let again = try await Program.run(["model", "init", "--seed", "1", "--out", folder])
    #expect(again.status == 1 && again.errors.contains("model.exists"))
    let arguments = ["run", folder, "--prompt-tokens", "3,19,0", "--max-new-tokens", "14"]
    let one = try await answer(arguments, as: Continuation.self)
    #expect(one.tokens.count == 14)
    #expect(try await answer(arguments + ["--threads", "4"], as: Continuation.self).tokens == one.tokens)
    for (tokens, count, code) in [
      ("20", "1", "inference.unknown-token"), ("1", "17", "inference.too-long"), ("1", "0", "inference.token-count"),
      ("1,,2", "1", "usage.tokens"),
    ] {
      let refused = try await Program.run(
        ["model", "run", folder, "--prompt-tokens", tokens, "--max-new-tokens", count])
      #expect(refused.status == 64 && refused.errors.contains("[\(code)]"), "\(refused.errors)")
    }
  }

  @Test("A folder without a model, or a shape that can't be, is refused with its reason")
  func refusals() async throws {
    let absent = try await Program.run(["model", "inspect", "/nonexistent"])
    #expect(absent.status == 1 && absent.errors.contains("[model.not-found]"))
    let shape = try await Program.run(["model", "init", "--seed", "1", "--out", "/nonexistent/x", "--heads", "3"])
    #expect(shape.status == 1 && shape.errors.contains("[model.unsupported]"))
  }
}
