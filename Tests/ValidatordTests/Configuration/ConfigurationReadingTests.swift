import Foundation
import Testing
import Validator

@testable import validatord

@Suite("Reading the configuration")
struct ConfigurationReadingTests {
  private static let minimal = """
    chain:
      rpc: ["ws://127.0.0.1:9944"]
      subnet: 3
    node: {peer-key: peer.key, data: data}
    """

  private func sources(
    _ yaml: String, name: String = "node.yaml", flags: [String] = [], environment: [String: String] = [:],
    in folder: TemporaryFolder
  ) throws -> SettingSources {
    let path = folder.path + "/" + name
    try Data(yaml.utf8).write(to: URL(filePath: path))
    return try SettingSources(
      flags: SettingFlags(flags), environment: environment, file: path, workingFolder: "/home/operator")
  }

  private func common(_ sources: SettingSources) throws -> DaemonConfiguration {
    var reader = SettingsReader(sources)
    let read = DaemonConfiguration(&reader, needsHotkey: false)
    guard reader.problems.isEmpty, let read else { throw CommandError.configuration(reader.problems) }
    return read
  }

  @Test("What is left out has its default, and paths are relative to the file's folder")
  func defaults() throws {
    let folder = try TemporaryFolder()
    let read = try common(sources(Self.minimal, in: folder))
    #expect(read.chain.subnet == 3)
    #expect(read.chain.endpoints.map(\.name) == ["ws://127.0.0.1:9944"])
    #expect(read.node.peerKey == folder.path + "/peer.key")
    #expect(read.node.control == folder.path + "/data/control.sock")
    #expect(read.node.listen.map(\.description) == ["/ip4/0.0.0.0/tcp/4001"])
    #expect(read.node.operations.port == 9700)
    #expect(read.epoch.vocabulary == 50257)
    let windows: [Int] = [read.epoch.commitFrom, read.epoch.commitUntil, read.epoch.callUntil, read.epoch.scoreUntil]
    #expect(windows == [15, 50, 75, 95])
  }

  @Test("Flags win over the environment, and that over the file")
  func precedence() throws {
    let folder = try TemporaryFolder()
    let yaml = Self.minimal + "\nepoch: {vocabulary: 10, prompt-length: 11, max-new-tokens: 2}"
    let read = try common(
      sources(
        yaml, flags: ["--epoch-vocabulary", "30"],
        environment: ["VALIDATORD_EPOCH_VOCABULARY": "20", "VALIDATORD_EPOCH_PROMPT_LENGTH": "21"], in: folder))
    #expect(read.epoch.vocabulary == 30)
    #expect(read.epoch.promptLength == 21)
    #expect(read.epoch.maximumNewTokens == 2)
  }

  @Test("JSON, dotted keys and lists from flags and variables mean the same as nested YAML")
  func otherForms() throws {
    let folder = try TemporaryFolder()
    let json = """
      {
      \t"chain": {"rpc": ["ws://127.0.0.1:1"], "subnet": 3, "allow-plaintext": true},
      \t"node.peer-key": "/keys/peer.key", "node.data": "/data"
      }
      """
    let first = try common(
      sources(
        json, name: "node.json", flags: ["--p2p-listen=/ip4/127.0.0.1/tcp/0", "--p2p-listen", "/ip6/::1/tcp/0"],
        environment: ["VALIDATORD_CHAIN_RPC": "ws://127.0.0.1:2, ws://127.0.0.1:3"], in: folder))
    #expect(first.chain.endpoints.map(\.name) == ["ws://127.0.0.1:2", "ws://127.0.0.1:3"])
    #expect(first.node.listen.count == 2)
    #expect(first.node.peerKey == "/keys/peer.key")
    let second = try common(
      sources(json, name: "other.json", flags: ["--chain-allow-plaintext", "--node-data", "here"], in: folder))
    #expect(second.node.data == "/home/operator/here")
  }

  @Test("Everything that is wrong is told at once, with line, origin and what may have been meant")
  func problems() throws {
    let folder = try TemporaryFolder()
    let yaml = """
      chain:
        rcp: ["ws://127.0.0.1:9944"]
        subnet: many
      node: {peer-key: peer.key, data: data}
      epoch:
        commit-until: 10
      p2p: {bootstrap: [/ip4/127.0.0.1/tcp/1]}
      log:
        format: jsn
      """
    let sources = try sources(
      yaml, environment: ["VALIDATORD_NODE_PEERKEY": "x", "VALIDATORD_BUILD": "elsewhere"], in: folder)
    do {
      _ = try common(sources)
      Issue.record("it was taken")
    } catch let error as CommandError {
      #expect(error.code == "configuration.invalid")
      #expect(error.status == .configuration)
      for text in [
        "node.yaml:2: chain.rcp is no key; did you mean chain.rpc?", "chain.rpc is missing",
        "node.yaml:3: chain.subnet takes a number",
        "node.yaml:6: epoch.commit-until has to be more than epoch.commit-from",
        "node.yaml:7: p2p.bootstrap has to say whose address", "did you mean json?",
        "environment: VALIDATORD_NODE_PEERKEY is no variable of the configuration; did you mean VALIDATORD_NODE_PEER_KEY?",
      ] { #expect(error.message.contains(text), "\(error.message)") }
      #expect(!error.message.contains("VALIDATORD_BUILD"))
    }
  }

  @Test("A key of the other role is ignored, whatever it holds")
  func otherRole() throws {
    let folder = try TemporaryFolder()
    let yaml = Self.minimal + "\nhoster: {model: m}\nvalidator: {attempts: a thousand}"
    let (_, own) = try DaemonConfiguration.hoster(sources(yaml, in: folder))
    #expect(own.source == .model(folder: folder.path + "/m"))
    #expect(throws: CommandError.self) { try DaemonConfiguration.validator(sources(yaml, in: folder)) }
  }

  @Test(
    "A file that is none, or too much of one, is refused",
    arguments: [
      "chain: [", "- a\n- b", "a: 1\na: 2", "text alone", "chain:\n\tsubnet: 1", String(repeating: "[", count: 5000),
      String(repeating: "# much\n", count: 10_000), (0..<1100).map { "k\($0): 1" }.joined(separator: "\n"),
      "a: &a 1\n" + (0..<20).map { "b\($0): *a" }.joined(separator: "\n"),
    ])
  func malformed(_ text: String) throws {
    let folder = try TemporaryFolder()
    do {
      _ = try sources(text, in: folder)
      Issue.record("it was taken")
    } catch let error as CommandError {
      #expect(error.code == "configuration.malformed", "\(error.message)")
      #expect(error.message.count < 500)
    }
  }

  @Test(
    "Values that are none are refused in words",
    arguments: [
      ("chain.subnet", "[1, 2]"), ("chain.subnet", "-1"), ("chain.subnet", ""), ("chain.rpc", "{a: 1}"),
      ("chain.stall-timeout", "5 weeks"), ("chain.stall-timeout", "9223372036854775807 h"), ("chain.genesis", "0x12"),
      ("operations.listen", "example.org:80"), ("operations.listen", "127.0.0.1:70000"), ("epoch.vocabulary", "0"),
      ("chain.allow-plaintext", "maybe"), ("node.control-users", "[root]"),
    ])
  func values(_ key: String, _ value: String) throws {
    let folder = try TemporaryFolder()
    var lines = [
      "chain.rpc": "[ws://127.0.0.1:1]", "chain.subnet": "1", "node.peer-key": "k", "node.data": "d",
    ]
    lines[key] = value
    let yaml = lines.map { "\($0.key): \($0.value)" }.sorted().joined(separator: "\n")
    #expect(throws: CommandError.self) { try common(sources(yaml, in: folder)) }
  }

  @Test("An endpoint's secrets are in no error")
  func secrets() throws {
    let folder = try TemporaryFolder()
    let yaml = Self.minimal.replacing("ws://127.0.0.1:9944", with: "ws://u:hunter2@node.example.org/key-abc")
    do {
      _ = try common(sources(yaml, in: folder))
      Issue.record("it was taken")
    } catch let error as CommandError {
      #expect(error.message.contains("chain.rpc has a URL that can't be used"))
      #expect(!error.message.contains("hunter2") && !error.message.contains("key-abc"))
    }
  }

  @Test("§7 the policy's parameters are what the configuration says, and those of the policy unless it says something")
  func scoring() throws {
    func settings(_ lines: String) throws -> (ValidatorSettings?, [String]) {
      let folder = try TemporaryFolder()
      var reader = SettingsReader(try sources(Self.minimal + "\n" + lines, in: folder))
      return (ValidatorSettings(&reader), reader.problems.map(\.key))
    }
    let policies = ScoringPolicies()
    for name in policies.names {
      let standard = try #require(try settings("validator.scoring: \(name)").0)
      let made = try policies.make(name, parameters: standard.policyParameters)
      #expect(made.parameters == (try policies.make(name)).parameters, "\(name)")
    }
    let own = try settings(
      """
      validator.scoring: distance
      validator.unprobed-score: 5
      validator.distance-lowest: 7
      validator.distance-highest: 900
      validator.max-elements: 50257
      """)
    let parameters = try #require(own.0).policyParameters
    let distance = try #require(try policies.make("distance", parameters: parameters) as? DistancePolicy)
    #expect(distance.lowest == 7 && distance.highest == 900 && distance.unprobedScore == 5)
    #expect(own.0?.maximumElements == 50_257 && own.1.isEmpty)
    let crossed = try settings(
      "validator.scoring: distance\nvalidator.distance-lowest: 9\nvalidator.distance-highest: 9")
    #expect(crossed.1 == ["validator.distance-lowest"])
    let idle = try settings("validator.scoring: mean-distance\nvalidator.unprobed-score: 5")
    #expect(idle.1 == ["validator.unprobed-score"])
    #expect(try settings("validator.distance-highest: 900000000").1 == ["validator.distance-highest"])
  }

  @Test("Every key of the table is read by one of the daemons, and every default is a value of its key")
  func table() throws {
    let folder = try TemporaryFolder()
    var reader = SettingsReader(try sources(Self.minimal, in: folder))
    let common = DaemonConfiguration(&reader, needsHotkey: false)
    _ = HosterSettings(&reader, epoch: common?.epoch)
    #expect(ValidatorSettings(&reader) != nil)
    #expect(common != nil)
    #expect(reader.names == Set(Settings.all.map(\.name)))
    #expect(Settings.all.count == reader.names.count)
    #expect(reader.problems.map(\.key) == ["hoster.model"])
  }

  @Test("A secret's file that others may read is refused")
  func secretFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/key"
    try Data("hunter2\nrest".utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    #expect(try SecretFile.read(path) == "hunter2")
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    do {
      _ = try SecretFile.read(path)
      Issue.record("it was read")
    } catch let error as CommandError {
      #expect(error.code == "secret-file.mode")
      #expect(error.status == .notPermitted)
    }
  }
}
