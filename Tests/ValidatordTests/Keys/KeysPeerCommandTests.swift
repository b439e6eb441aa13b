import Foundation
import Testing

@Suite("The keys peer commands")
struct KeysPeerCommandTests {
  private struct Answer: Decodable, Equatable {
    var file: String
    var type: String
    var peer: String
    var cid: String
    var openssh: String?
  }

  private func answer(_ arguments: [String]) async throws -> Answer {
    let result = try await Program.run(["keys", "peer"] + arguments + ["--format", "json"])
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
  }

  @Test(
    "A key that generate makes is the one that inspect reads, and is never overwritten",
    arguments: ["ed25519", "secp256k1", "rsa"])
  func roundTrip(type: String) async throws {
    let path = NSTemporaryDirectory() + "validatord-peer-\(UUID().uuidString).key"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let made = try await answer(["generate", "--out", path, "--type", type])
    #expect(made.type == type && (made.openssh == nil) == (type == "secp256k1"))
    #expect(try await answer(["inspect", path]) == made)
    let again = try await Program.run(["keys", "peer", "generate", "--out", path])
    #expect(again.status == 1 && again.errors.contains("peer-key-file.exists"))
    #expect(try await answer(["inspect", path]) == made)
  }

  @Test("The form follows the stack that shall load it", arguments: [("mesh", 68), ("subnet", 36)])
  func dialects(_ stack: String, _ size: Int) async throws {
    let path = NSTemporaryDirectory() + "validatord-peer-\(UUID().uuidString).key"
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try await answer(["generate", "--out", path, "--for", stack])
    #expect(try Data(contentsOf: URL(filePath: path)).count == size)
  }

  @Test("A file that others can read, or that is none, is refused with its reason")
  func refusals() async throws {
    let path = NSTemporaryDirectory() + "validatord-peer-\(UUID().uuidString).key"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let absent = try await Program.run(["keys", "peer", "inspect", path])
    #expect(absent.status != 0 && absent.errors.contains("peer-key-file.not-found"))
    _ = try await answer(["generate", "--out", path])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let open = try await Program.run(["keys", "peer", "inspect", path])
    #expect(open.status == 77 && open.errors.contains("peer-key-file.permissions"))
    let size = try await Program.run([
      "keys", "peer", "generate", "--out", path + "2", "--type", "rsa", "--bits", "1024",
    ])
    #expect(size.status != 0 && size.errors.contains("key.size"))
  }
}
