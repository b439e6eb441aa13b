import Foundation
import FoundationNetworking

/// A development node of the chain: the published Hypertensor runtime, executed by
/// `Tests/Interop/chain/devnode.py` in a child process that serves the standard JSON-RPC on a loopback port of
/// its own.
///
/// ```swift
/// @Test(.enabled(if: InteropEnvironment.hasSpec))
/// func nonceGrows() async throws {
///   try await DevNode.with { node in
///     ... node.webSocketURL ...
///     try await node.newBlocks(2)
///   }
/// }
/// ```
///
/// The child is gone when `with` returns or throws; should the test process be killed, the child ends by itself
/// after ``lifetime``.
final class DevNode: Sendable {
  /// How blocks come to be: only by ``newBlocks(_:)``, as soon as a transaction is pending, or by the clock.
  enum BlockTime: Sendable {
    case manual
    case instant
    case milliseconds(Int)

    var argument: String {
      switch self {
      case .manual: "manual"
      case .instant: "instant"
      case .milliseconds(let milliseconds): String(milliseconds)
      }
    }
  }

  /// The longest start: the first one compiles the runtime.
  static let startDeadline = Duration.seconds(120)
  /// The longest wait for a killed child to be gone.
  static let stopDeadline = Duration.seconds(5)
  /// After this the child ends by itself.
  static let lifetime = Duration.seconds(600)
  /// The longest wait for one answer of ``rpc(_:_:)``, in seconds.
  static let answerTimeout = 60.0

  let port: Int
  private let process: Process
  private let scratch: URL

  var webSocketURL: String { "ws://127.0.0.1:\(port)" }
  var httpURL: String { "http://127.0.0.1:\(port)" }
  var processIdentifier: Int32 { process.processIdentifier }

  /// Runs `body` beside a node that starts from the state file `Tests/Interop/chain/states/five-*`: a subnet
  /// with five validators, described by ``summary(of:)``.
  ///
  /// - Parameters:
  ///   - finalityLag: blocks between the best and the finalized head.
  ///   - keep: blocks whose state can still be read.
  ///   - port: 0 for any free one; a fixed one brings a stopped node back under its old address.
  static func with<Outcome>(
    _ chain: RecordedChain = .february, blockTime: BlockTime = .manual, finalityLag: Int = 0,
    keep: Int = 4096, port: Int = 0, _ body: (DevNode) async throws -> Outcome
  ) async throws -> Outcome {
    let node = try await start(
      chain, blockTime: blockTime, finalityLag: finalityLag, keep: keep, port: port)
    do {
      let outcome = try await body(node)
      await node.stop()
      return outcome
    } catch {
      await node.stop()
      throw error
    }
  }

  /// What the state file of `chain` holds: subnet id, clock, and the nodes with their (public) development keys.
  static func summary(of chain: RecordedChain = .february) throws -> Fixture {
    let file = states.appending(path: "\(stateName(of: chain)).summary.json")
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
  }

  /// Calls `method` over HTTP, for the `dev_*` methods and for comparison. Fixtures give integers as text.
  @discardableResult
  func rpc(_ method: String, _ parameters: [any Encodable & Sendable] = []) async throws -> Fixture {
    guard let url = URL(string: httpURL) else { throw DevNodeError("no URL in \(httpURL)") }
    var request = URLRequest(url: url, timeoutInterval: Self.answerTimeout)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.httpBody = try JSONEncoder().encode(
      Request(method: method, params: parameters.map(Parameter.init)))
    let (data, _) = try await URLSession.shared.data(for: request)
    let answer = try JSONDecoder().decode(Fixture.self, from: data)
    guard answer["error"] == .null else { throw DevNodeError("\(method) was refused: \(answer["error"])") }
    return answer["result"]
  }

  /// Builds `count` blocks and gives the hash of the last one.
  @discardableResult
  func newBlocks(_ count: Int = 1) async throws -> String {
    guard let hash = try await rpc("dev_newBlock", [["count": count]]).text else {
      throw DevNodeError("dev_newBlock gave no hash")
    }
    return hash
  }

  /// Kills the child, and returns when it is gone. May be called early, and twice: `with` calls it too.
  ///
  /// There is nothing to save, and a child started from a concurrency thread inherits its blocked SIGTERM.
  func stop() async {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    let give = ContinuousClock.now + Self.stopDeadline
    while process.isRunning, ContinuousClock.now < give {
      // Detached from the test's cancellation, which must not cut the wait short.
      await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
    }
    try? FileManager.default.removeItem(at: scratch)
  }

  private init(process: Process, port: Int, scratch: URL) {
    self.process = process
    self.port = port
    self.scratch = scratch
  }

  private static var states: URL { InteropEnvironment.folder.appending(path: "chain/states") }

  private static func stateName(of chain: RecordedChain) -> String {
    switch chain {
    case .december: "five-dec2025"
    case .february: "five-feb2026"
    }
  }

  private static func start(
    _ chain: RecordedChain, blockTime: BlockTime, finalityLag: Int, keep: Int, port: Int
  ) async throws -> DevNode {
    let files = FileManager.default
    guard let specification = InteropEnvironment.specification(of: chain) else {
      throw DevNodeError("\(InteropEnvironment.variable(for: chain)) is not set")
    }
    for file in [specification, InteropEnvironment.python] where !files.isReadableFile(atPath: file.path) {
      throw DevNodeError("\(file.path) is missing; run `make setup` and check the environment variables")
    }
    let scratch = files.temporaryDirectory.appending(path: "devnode-\(UUID().uuidString)")
    try files.createDirectory(at: scratch, withIntermediateDirectories: true)
    let log = scratch.appending(path: "log")
    try Data().write(to: log)
    let portFile = scratch.appending(path: "port")

    let process = Process()
    process.executableURL = InteropEnvironment.python
    process.arguments = [
      InteropEnvironment.folder.appending(path: "chain/devnode.py").path,
      "--spec", specification.path,
      "--state", states.appending(path: "\(stateName(of: chain)).state.json").path,
      "--cache", InteropEnvironment.cache.path,
      "--port", String(port), "--port-file", portFile.path,
      "--block-time", blockTime.argument,
      "--finality-lag", String(finalityLag),
      "--keep", String(keep),
      "--run-seconds", String(lifetime.components.seconds),
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()

    let give = ContinuousClock.now + startDeadline
    while process.isRunning, ContinuousClock.now < give {
      if let text = try? String(contentsOf: portFile, encoding: .utf8), let port = Int(text) {
        return DevNode(process: process, port: port, scratch: scratch)
      }
      try? await Task.sleep(for: .milliseconds(20))
      if Task.isCancelled { break }
    }
    let output = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    await DevNode(process: process, port: 0, scratch: scratch).stop()
    throw DevNodeError("the node did not start: \(output.suffix(2000))")
  }

  private struct Request: Encodable {
    var jsonrpc = "2.0"
    var id = 1
    var method: String
    var params: [Parameter]
  }

  private struct Parameter: Encodable {
    var value: any Encodable & Sendable
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }
}

/// Why a development node is of no use to a test.
struct DevNodeError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
