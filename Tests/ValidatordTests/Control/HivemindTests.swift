import Foundation
import Testing

/// Hivemind's own P2P bindings, unchanged, with this program as their daemon: what hivemind's public tests ask of a
/// running daemon (Tests/Interop/control/hivemind_p2p.py), also with a real p2pd at the other end.
@Suite(
  "Hivemind's bindings at the control socket", .serialized, .timeLimit(.minutes(4)),
  .enabled(if: Hivemind.isInstalled, "hivemind's bindings are not installed: make setup"))
struct HivemindTests {
  /// Which daemon serves, and which one calls.
  struct Pairing: CustomTestStringConvertible, Sendable {
    var server = "validatord"
    var client = "validatord"
    var testDescription: String { "\(server) ← \(client)" }
  }

  private static let pairings = [Pairing(), Pairing(client: "p2pd"), Pairing(server: "p2pd")]

  @Test(
    "Issue 5: unary calls, streams, cancellation and errors, with this program and with p2pd at the other end",
    arguments: [
      "unary", "unary_errors", "unary_edges", "unary_cancel", "unary_large", "raw_streams", "stream_errors",
      "servicers", "removing", "stream_cancel",
    ], pairings)
  func calls(_ name: String, _ pairing: Pairing) async throws { try await Hivemind.run(name, pairing) }

  @Test("Issue 5: replicas of a node, identities, peers", arguments: ["replicas", "identities", "peers"])
  func nodes(_ name: String) async throws { try await Hivemind.run(name, Pairing()) }

  @Test("P-59: two workers share the calls", arguments: pairings.filter { $0.server == "validatord" })
  func balancing(_ pairing: Pairing) async throws { try await Hivemind.run("balancing", pairing) }

  @Test(
    "Issue 5: a worker killed in the middle of a stream ends that stream and nothing else",
    arguments: pairings.filter { $0.server == "validatord" })
  func killed(_ pairing: Pairing) async throws { try await Hivemind.run("killed_worker", pairing) }

  @Test("The example for Python in docs/control-socket.md serves a peer")
  func example() async throws { try await Hivemind.run("documented", Pairing()) }

  @Test("The example for Python in docs/workers.md works for its node, with the messages made as the page says")
  func worker() async throws {
    try #require(Hivemind.hasCompiler, "protoc is not installed: apt-get install protobuf-compiler")
    try await Hivemind.run("documented_worker", Pairing())
  }
}

/// Where hivemind's parts are, and how a case is run.
enum Hivemind {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func file(_ variable: String, or path: String) -> URL {
    let named = ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    return URL(filePath: named ?? path, relativeTo: package)
  }

  private static var python: URL { file("VALIDATORD_PYTHON", or: ".venv/bin/python") }
  private static var p2pd: URL { file("VALIDATORD_P2PD", or: ".venv/bin/p2pd") }
  private static var folder: URL { file("VALIDATORD_HIVEMIND", or: ".venv/hivemind") }

  /// Whether messages can be made for Python.
  static var hasCompiler: Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/protoc") }
  }

  static var isInstalled: Bool {
    let files = FileManager.default
    return files.isExecutableFile(atPath: python.path) && files.isExecutableFile(atPath: p2pd.path)
      && files.fileExists(atPath: folder.appending(path: "hivemind/p2p").path)
  }

  /// Runs a case of the script, and expects that it says that all is well.
  static func run(_ name: String, _ pairing: HivemindTests.Pairing) async throws {
    let process = Process()
    process.executableURL = python
    process.arguments = [
      package.appending(path: "Tests/Interop/control/hivemind_p2p.py").path, name, "--hivemind", folder.path,
      "--program",
      Program.executable, "--p2pd", p2pd.path, "--server", pairing.server, "--client", pairing.client,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let data = (try? output.fileHandleForReading.readToEnd()) ?? nil
        continuation.resume(returning: String(decoding: data ?? Data(), as: UTF8.self))
      }
    }
    process.waitUntilExit()
    struct Line: Decodable {
      var event: String
      var ok: Bool?
      var error: String?
    }
    let lines = text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    let result = try #require(lines.last { $0.event == "result" }, "\(name) gave no result: \(text)")
    #expect(result.ok == true, "\(name): \(result.error ?? "")")
    #expect(process.terminationStatus == 0)
  }
}
