import Foundation
import Testing

/// The whole program: a network of processes, judged from outside.
@Suite("A network of processes", .serialized, .timeLimit(.minutes(10)))
struct DevNetTests {
  /// A network that is small enough for a debug build on a busy machine: ten blocks of a second in an epoch.
  private static let size = [
    "--block-time", "1000", "--blocks-per-epoch", "10", "--model-layers", "1", "--model-width", "16",
  ]

  private let folder = FileManager.default.temporaryDirectory.appending(path: "e2e-\(UUID().uuidString.prefix(8))").path

  @Test("D-24 a run ends with 0: consensus, the liar and the silent one lowest, equal databases that recompute")
  func run() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let result = try await Program.run(
      ["devnet", "--epochs", "1", "--directory", folder, "--format", "json"] + Self.size)
    #expect(result.status == 0, "\(result.output) \(result.errors)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(report["ok"] as? Bool == true)
    let findings = try #require(report["findings"] as? [[String: Any]])
    #expect(findings.count == 5 && findings.allSatisfy { $0["met"] as? Bool == true })
    // What the run says of itself is what the commands say of its files.
    for number in 1...3 {
      let database = "\(folder)/validator-\(number)/data/node.sqlite"
      let scores = try await Program.run(["scores", "--database", database, "--epoch", "0", "--recompute"])
      #expect(scores.status == 0 && scores.output.contains("identical"), "\(scores.output) \(scores.errors)")
      let story = try await Program.run(["explain", "--database", database, "--epoch", "0"])
      #expect(story.status == 0 && story.output.contains("proposed"), "\(story.output) \(story.errors)")
    }
  }

  @Test("D-24 P-44 A-1 seen from outside all agree, callers of both Python stacks are served, and nothing stays")
  func fromOutside() async throws {
    try await ModelServer.with { server in
      let routes = FileManager.default.temporaryDirectory.appending(path: "routes-\(UUID().uuidString.prefix(8)).json")
      try Data(ForeignCallers.routes(server).utf8).write(to: routes)
      defer { try? FileManager.default.removeItem(at: routes) }
      try await lookFromOutside(["--api-routes", routes.path])
    }
  }

  private func lookFromOutside(_ options: [String]) async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await RunningProgram.with(["devnet", "--keep", "--directory", folder] + Self.size + options) { network in
      let line = try await network.line()
      let ready = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(ready["ready"] as? Bool == true)
      let nodes = try #require(ready["nodes"] as? [[String: Any]])
      let processes = nodes.compactMap { $0["process"] as? Int }.map { pid_t($0) }
      #expect(processes.count == 9 && processes.allSatisfy { kill($0, 0) == 0 })
      try Data(line.utf8).write(to: URL(filePath: "\(folder)/ready.json"))

      let callers = try ForeignCallers(line)
      try await callers.mesh()
      try await callers.template()
      // While they called, epochs went on; the ones from now on have the machine to themselves.
      let seen = try await Outside.check("\(folder)/ready.json")
      #expect(seen.attests.count >= 2 && seen.attests.contains(seen.proposer))
      #expect(seen.databases.count == 3)
      for database in seen.databases.values {
        #expect(database.recomputed && database.digest && database.integrity && database.signatures >= 1)
        #expect(database.scores == seen.proposed)
        #expect(database.mode == "0o600")
      }
      #expect(seen.keyModes == ["0o600"])
      func proposed(_ name: String) -> UInt64? { seen.ids[name].flatMap { $0 }.flatMap { seen.proposed["\($0)"] } }
      for name in ["hoster-1", "hoster-2", "hoster-3"] { #expect(proposed(name) == 1_000_000_000_000_000_000) }
      for name in ["liar", "silent"] { #expect(proposed(name) == 0) }

      try await lookBeside(ready, epoch: seen.epoch - 1)
      network.terminate()
      #expect(try await network.end() == 0)
      for process in processes { #expect(await Self.isGone(process)) }
    }
  }

  /// What operators look with, beside running daemons.
  private func lookBeside(_ ready: [String: Any], epoch: UInt32) async throws {
    let url = try #require((ready["chain"] as? [String: Any])?["ws"] as? String)
    let story = try await Program.run(
      ["explain", "--data", "\(folder)/validator-2/data", "--epoch", "\(epoch)", "--rpc", url])
    #expect(story.status == 0, "\(story.errors)")
    for word in ["proposer's reward factor", "stake: ", "lost: "] {
      #expect(story.output.contains(word), "\(story.output)")
    }
    let status = try await Program.run(["node", "status", "128001", "1", "--rpc", url])
    #expect(status.status == 0 && !status.output.contains("failure"), "\(status.output) \(status.errors)")
    for (name, role) in [("validator-1", "validator"), ("hoster-1", "hoster")] {
      let doctor = try await Program.run(
        ["doctor", "--role", role, "--config", "\(folder)/\(name)/config.yaml", "--format", "json"])
      #expect(doctor.status == 0, "\(doctor.output) \(doctor.errors)")
      let json = try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [String: Any]
      let findings = try #require(json?["findings"] as? [[String: Any]])
      let names = Set(findings.compactMap { $0["name"] as? String })
      #expect(
        names.isSuperset(of: [
          "configuration", "key.peer", "key.hotkey", "data.folder", "disk", "database", "endpoint", "runtime", "clock",
          "node", "hotkey", "stake", "listen", "bootstrap",
        ]), "\(names)")
      #expect(names.contains("worker") == (role == "hoster"))
    }
    try await lookAtMistakes(ready)
  }

  /// The doctor beside a node that has another's peer key, and begins with a port where nobody listens.
  private func lookAtMistakes(_ ready: [String: Any]) async throws {
    let nodes = try #require(ready["nodes"] as? [[String: Any]])
    let bootnode = try #require(nodes.first { $0["name"] as? String == "bootnode" }?["peer"] as? String)
    let honest = try String(contentsOfFile: "\(folder)/validator-1/config.yaml", encoding: .utf8)
    let mistaken = honest.split(separator: "\n").map { line -> String in
      if line.hasPrefix("  peer-key:") { return "  peer-key: ../hoster-1/peer.key" }
      // Port 1 is nobody's.
      if line.hasPrefix("  bootstrap:") { return "  bootstrap: [/ip4/127.0.0.1/tcp/1/p2p/\(bootnode)]" }
      return String(line)
    }
    let file = "\(folder)/validator-1/mistaken.yaml"
    try Data(mistaken.joined(separator: "\n").utf8).write(to: URL(filePath: file))
    let doctor = try await Program.run(["doctor", "--role", "validator", "--config", file, "--format", "json"])
    #expect(doctor.status == 1, "\(doctor.output) \(doctor.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [String: Any]
    #expect(json?["worst"] as? String == "failure")
    let findings = try #require(json?["findings"] as? [[String: Any]])
    let failures = findings.filter { $0["grade"] as? String == "failure" }
    #expect(Set(failures.compactMap { $0["name"] as? String }) == ["hotkey", "bootstrap"], "\(doctor.output)")
    #expect(failures.allSatisfy { ($0["remedy"] as? String)?.isEmpty == false }, "\(doctor.output)")
    let table = try await Program.run(["doctor", "--role", "validator", "--config", file])
    #expect(table.status == 1 && table.output.contains("→ Set node.hotkey to the right file"), "\(table.output)")
  }

  @Test("A network that is killed leaves no process behind")
  func killed() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await RunningProgram.with(["devnet", "--keep", "--directory", folder] + Self.size) { network in
      let line = try await network.line()
      let ready = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let processes = (ready["nodes"] as? [[String: Any]] ?? []).compactMap { $0["process"] as? Int }.map { pid_t($0) }
      #expect(processes.count == 9)
      network.kill()
      _ = try await network.end()
      for process in processes { #expect(await Self.isGone(process)) }
    }
  }

  /// Whether a process ends within the time that its guard may take.
  private static func isGone(_ process: pid_t) async -> Bool {
    for _ in 0..<600 {
      if kill(process, 0) != 0 { return true }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return false
  }
}
