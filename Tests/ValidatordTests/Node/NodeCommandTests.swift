import Foundation
import Substrate
import Testing

@testable import validatord

/// Against a simulated chain, through the program as an operator runs it.
@Suite("Commands about nodes", .timeLimit(.minutes(5)))
final class NodeCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)").path

  /// Alith, Baltathar and Charleth: public keys of every development chain.
  private static let secrets = [
    "5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133",
    "8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b",
    "0b6e18cafb6ed99687ec547bd28139cafdd2bffe70e6b688025de6b445aa5c5b",
  ]

  init() throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func file(_ name: String) -> String { "\(folder)/\(name)" }

  /// The development accounts as key files `cold1` to `cold3`, and hotkeys and peer keys beside them.
  private func makeKeys(_ count: Int = 3) throws -> [AccountKey] {
    try (1...count).map { number in
      let cold = try AccountKey(secret: try #require(Hex.decode(Self.secrets[number - 1])))
      _ = try KeyFile.write(cold, to: file("cold\(number)"), passphrase: nil)
      _ = try KeyFile.write(AccountKey.generate(), to: file("hot\(number)"), passphrase: nil)
      return cold
    }
  }

  /// Runs `body` beside a chain; it gets the endpoint.
  private func withChain(_ arguments: [String] = [], _ body: (String) async throws -> Void) async throws {
    let command = ["devchain", "--port", "0", "--block-time", "instant", "--format", "json"]
    try await RunningProgram.with(command + arguments) { chain in
      try await chain.writes("\n")
      let line = try JSONValue(parsing: Array(chain.output.utf8.prefix { $0 != UInt8(ascii: "\n") }))
      try await body(try #require(line["ws"]?.stringValue))
    }
  }

  @discardableResult
  private func run(_ arguments: [String], _ url: String, expecting status: Int32 = 0) async throws -> JSONValue {
    let result = try await Program.run(
      arguments + ["--rpc", url, "--format", "json"], environment: ["XDG_CACHE_HOME": folder])
    #expect(result.status == status, "\(arguments.joined(separator: " ")): \(result.output) \(result.errors)")
    return (try? JSONValue(parsing: Array(result.output.utf8))) ?? .string(result.errors)
  }

  private func registerSubnet(_ keys: [AccountKey], _ url: String) async throws {
    let invited = keys.map(\.accountID).sorted().map { "[\"\($0.hex)\", 1]" }.joined(separator: ", ")
    let peer = Hex.encode(Array("12D3KooWDGTWZ2BYbrn2Z7YyK2Ri5U8Z5XB4kmhwrbR9mQsN9sPa".utf8))
    // The address and a /p2p of 38 bytes.
    let address = "0x047f000001060fa1a50326" + String(repeating: "01", count: 38)
    let data = """
      {"name": "0x01", "repo": "0x02", "description": "0x", "misc": "0x", "min_stake": "100000000000000000000", \
      "max_stake": "1000000000000000000000", "delegate_stake_percentage": "100000000000000000", \
      "initial_coldkeys": [\(invited)], "bootnodes": [["\(peer)", "\(address)"]]}
      """
    try await run(
      [
        "chain", "call", "Network.register_subnet", "max_cost=100000000000000000000", "subnet_data=\(data)", "--key",
        file("cold1"), "--yes",
      ], url)
  }

  private func register(_ number: Int, _ more: [String] = [], _ url: String, expecting status: Int32 = 0) async throws
    -> JSONValue
  {
    let peer = file("peer\(number)")
    if !FileManager.default.fileExists(atPath: peer) {
      #expect(try await Program.run(["keys", "peer", "generate", "--out", peer]).status == 0)
    }
    return try await run(
      [
        "node", "register", "128001", "--hotkey", file("hot\(number)"), "--peer-key", peer, "--multiaddr",
        "/ip4/127.0.0.1/tcp/400\(number)", "--key", file("cold\(number)"),
      ] + more, url, expecting: status)
  }

  @Test("A subnet comes to life by the program alone: registered, staked, activated, and each step shown before")
  func life() async throws {
    let keys = try makeKeys()
    try await withChain { url in
      try await registerSubnet(keys, url)
      // Nothing is sent by a trial, nor without somebody who confirms.
      let trial = try await register(1, ["--dry-run"], url)
      #expect(trial["dryRun"]?.stringValue == "succeeds" && trial["outcome"] == nil)
      let asked = try await register(1, [], url, expecting: 64)
      #expect(asked.stringValue?.contains("usage.confirm") == true)
      let early = try await run(
        ["node", "activate-subnet", "128001", "--key", file("cold1"), "--dry-run"], url, expecting: 1)
      #expect(early["dryRun"]?.stringValue?.contains("SubnetActivationConditionsNotMetYet") == true)
      for number in 1...3 {
        let sent = try await register(number, ["--yes"], url)
        #expect(sent["outcome"]?.stringValue == "succeeds")
        #expect(sent["stake"]?.stringValue == "105 TENSOR")
      }
      let again = try await register(1, ["--dry-run"], url, expecting: 1)
      #expect(again["dryRun"]?.stringValue?.contains("fails") == true)
      let foreign = try await run(
        ["node", "activate-subnet", "128001", "--key", file("cold2"), "--dry-run"], url, expecting: 1)
      #expect(foreign["dryRun"]?.stringValue?.contains("NotSubnetOwner") == true)
      try await run(["node", "activate-subnet", "128001", "--key", file("cold1"), "--yes"], url)
      let epoch = try await run(["chain", "epoch", "128001"], url)
      #expect(epoch["state"]?.stringValue == "Active")
    }
  }

  @Test("Stake is added, taken and shown; a node is found by id, hotkey file, address and peer id")
  func stake() async throws {
    let keys = try makeKeys()
    try await withChain { url in
      try await registerSubnet(keys, url)
      for number in 1...3 { _ = try await register(number, ["--yes", "--stake", "200"], url) }
      let hotkey = try #require(try KeyFile.inspect(file("hot1")).accountID)
      let added = try await run(
        ["node", "stake", "add", "128001", file("hot1"), "50.5", "--key", file("cold1"), "--yes"], url)
      #expect(added["stakeAfter"]?.stringValue == "250.5 TENSOR" && added["outcome"]?.stringValue == "succeeds")
      for node in ["1", hotkey.description] {
        let status = try await run(["node", "status", "128001", node], url, expecting: 1)
        #expect(status["stake"]?.stringValue == "250500000000000000000")
        // The hotkey has no money, which keeps a validator from acting.
        let grades = status["findings"]?.arrayValue?.map { [$0["name"]?.stringValue, $0["grade"]?.stringValue] }
        #expect(grades?.contains(["balance.hotkey", "failure"]) == true && grades?.contains(["stake", "ok"]) == true)
      }
      try await run(
        [
          "chain", "call", "Balances.transfer_keep_alive", "dest=\(hotkey.hex)", "value=10000000000000000", "--key",
          file("cold1"), "--yes",
        ], url)
      let well = try await run(["node", "status", "128001", "1"], url)
      #expect(well["class"]?.stringValue == "Validator" && well["hotkeyBalance"]?.stringValue == "10000000000000000")
      let tooMuch = try await run(
        ["node", "stake", "remove", "128001", "1", "1000", "--key", file("cold1"), "--dry-run"], url, expecting: 1)
      #expect(tooMuch["dryRun"]?.stringValue?.contains("fails") == true)
      let foreign = try await run(
        ["node", "stake", "add", "128001", "1", "1", "--key", file("cold2"), "--dry-run"], url, expecting: 1)
      #expect(foreign["dryRun"]?.stringValue?.contains("NotKeyOwner") == true)
      let nothing = try await run(["node", "stake", "claim", "--key", file("cold1"), "--dry-run"], url, expecting: 1)
      #expect(nothing["dryRun"]?.stringValue?.contains("NoStakeUnbondingsOrCooldownNotMet") == true)
      let unknown = try await run(["node", "status", "128001", "99"], url, expecting: 1)
      #expect(unknown.stringValue?.contains("chain.no-node") == true)
    }
  }

  @Test("A preset's nodes can be looked at in the first block, and a wrong preset says what is wrong with it")
  func preset() async throws {
    let keys = try makeKeys()
    var nodes: [String] = []
    for number in 1...3 {
      let made = try await Program.run(["keys", "peer", "generate", "--out", file("peer\(number)"), "--format", "json"])
      let peer = try #require(try JSONValue(parsing: Array(made.output.utf8))["peer"]?.stringValue)
      let hotkey = try #require(try KeyFile.inspect(file("hot\(number)")).accountID)
      nodes.append(
        """
        {"hotkey": "\(hotkey)", "coldkey": "\(keys[number - 1].accountID)", "peer": "\(peer)", "stake": "200",
         "multiaddr": "/ip4/127.0.0.1/tcp/400\(number)"}
        """)
    }
    let bootnode = "/ip4/127.0.0.1/tcp/4009/p2p/12D3KooWDGTWZ2BYbrn2Z7YyK2Ri5U8Z5XB4kmhwrbR9mQsN9sPa"
    func write(_ name: String, _ nodes: [String]) throws -> String {
      let text = """
        {"subnets": [{"name": "mine", "owner": "\(keys[0].accountID)", "bootnodes": ["\(bootnode)"],
          "nodes": [\(nodes.joined(separator: ", "))]}]}
        """
      try Data(text.utf8).write(to: URL(filePath: file(name)))
      return file(name)
    }
    try await withChain(["--preset", write("good", nodes)]) { url in
      let status = try await run(["node", "status", "128001", "2"], url, expecting: 0)
      #expect(status["class"]?.stringValue == "Validator" && status["stake"]?.stringValue == "200000000000000000000")
    }
    let short = try await Program.run(["devchain", "--port", "0", "--preset", write("short", Array(nodes.prefix(2)))])
    #expect(short.status == 78 && short.errors.contains("InvalidSubnetRegistrationInitialColdkeys"), "\(short.errors)")
    let unknown = nodes[0].replacing("\"stake\"", with: "\"steak\"")
    let misspelt = try await Program.run(["devchain", "--port", "0", "--preset", write("unknown", [unknown])])
    #expect(misspelt.status == 78 && misspelt.errors.contains("steak"), "\(misspelt.errors)")
  }
}
