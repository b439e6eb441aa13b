import Foundation
import Testing

@testable import validatord

@Suite("validatord config")
struct ConfigCommandTests {
  @Test("docs/configuration.md is what the code says")
  func reference() async throws {
    let result = try await Program.run(["config", "reference"])
    #expect(result.status == 0)
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/configuration.md")
    #expect(try String(contentsOf: path, encoding: .utf8) == result.output)
  }

  @Test("show --origin says where each value comes from, without the secrets of an endpoint")
  func origin() async throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/node.yaml"
    try Data("chain:\n  rpc: [\"ws://127.0.0.1:1/key-abc\"]\n  subnet: 7\n".utf8).write(to: URL(filePath: file))
    let result = try await Program.run(
      ["config", "show", "--origin", "--format", "json", "--config", file, "--log-level", "debug"],
      environment: ["VALIDATORD_NODE_DATA": "/data"])
    #expect(result.status == 0, "\(result.errors)")
    struct Shown: Decodable {
      var value: Value?
      var origin: String?
      enum Value: Decodable, Equatable {
        case one(String)
        case many([String])
        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let one = try? container.decode(String.self) {
            self = .one(one)
          } else {
            self = .many(try container.decode([String].self))
          }
        }
      }
    }
    let shown = try JSONDecoder().decode([String: Shown].self, from: Data(result.output.utf8))
    #expect(shown["chain.subnet"]?.origin?.hasSuffix("node.yaml:3") == true)
    #expect(shown["chain.subnet"]?.value == .one("7"))
    #expect(shown["node.data"]?.origin == "environment VALIDATORD_NODE_DATA")
    #expect(shown["log.level"]?.origin == "flag --log-level")
    #expect(shown["log.format"]?.origin == "default")
    #expect(shown["chain.rpc"]?.value == .many(["ws://127.0.0.1:1"]))
    #expect(!result.output.contains("key-abc"))
  }

  @Test("check ends with 78 and names the files that won't do")
  func check() async throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/node.yaml"
    let yaml = """
      chain: {rpc: ["ws://127.0.0.1:1"], subnet: 7}
      node: {peer-key: peer.key, data: data}
      hoster: {model: model}
      """
    try Data(yaml.utf8).write(to: URL(filePath: file))
    let before = try await Program.run(["config", "check", "--config", file])
    #expect(before.status == 78)
    #expect(before.errors.contains("node.yaml:2: node.peer-key names a file that won't do"))
    #expect(before.errors.contains("node.yaml:3: hoster.model names a file that won't do"))
    let key = try await Program.run(["keys", "peer", "generate", "--out", folder.path + "/peer.key"])
    #expect(key.status == 0, "\(key.errors)")
    let model = try await Program.run(["model", "init", "--seed", "1", "--out", folder.path + "/model"])
    #expect(model.status == 0, "\(model.errors)")
    let after = try await Program.run(["config", "check", "--config", file, "--role", "hoster"])
    #expect(after.status == 0, "\(after.errors)")
    let validator = try await Program.run(["config", "check", "--config", file, "--role", "validator"])
    #expect(validator.status == 78)
    #expect(validator.errors.contains("node.hotkey is missing"))
  }

  @Test(
    "An unknown flag is refused with the nearest one",
    arguments: [
      (["--chain-rcp", "x"], "--chain-rpc"), (["--log-levle=debug"], "--log-level"), (["stray"], "not expected"),
      (["--chain-subnet"], "takes a number"),
    ])
  func flags(_ arguments: [String], _ hint: String) async throws {
    let result = try await Program.run(["config", "show"] + arguments)
    #expect(result.status == 64)
    #expect(result.errors.contains(hint), "\(result.errors)")
  }
}
