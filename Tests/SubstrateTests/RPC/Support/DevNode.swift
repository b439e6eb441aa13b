import Foundation
import Substrate

/// The real Hypertensor runtime behind JSON-RPC (Tests/Interop/chain/devnode.py), as a child process.
///
/// Needs `HYPERTENSOR_SPEC`, the raw chain specification, which is not part of this repository.
/// `HYPERTENSOR_DEVNODE` names the script when it is not at Tests/Interop/chain/devnode.py, and
/// `HYPERTENSOR_PYTHON` the interpreter that has its requirements.
final class DevNode: Sendable {
  private static let environment = ProcessInfo.processInfo.environment
  private static let script =
    environment["HYPERTENSOR_DEVNODE"].map { URL(filePath: $0) }
    ?? URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Interop/chain/devnode.py")

  static var isAvailable: Bool {
    environment["HYPERTENSOR_SPEC"] != nil && FileManager.default.fileExists(atPath: script.path)
  }

  private let process: Process
  let port: Int

  private init(process: Process, port: Int) {
    self.process = process
    self.port = port
  }

  /// Starts a node that ends by itself after two minutes, whatever becomes of the test.
  static func start(blockTime: String = "500", finalityLag: Int = 1) async throws -> DevNode {
    let portFile = FileManager.default.temporaryDirectory.appending(path: "devnode-\(UUID()).port")
    defer { try? FileManager.default.removeItem(at: portFile) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      environment["HYPERTENSOR_PYTHON"] ?? "python3", script.path,
      "--spec", environment["HYPERTENSOR_SPEC"] ?? "", "--port", "0", "--port-file", portFile.path,
      "--block-time", blockTime, "--finality-lag", "\(finalityLag)", "--run-seconds", "120", "--quiet",
      "--state",
      script.deletingLastPathComponent().appending(path: "states/five-feb2026.state.json").path,
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<600 where process.isRunning {
      if let text = try? String(contentsOf: portFile, encoding: .utf8), let port = Int(text) {
        return DevNode(process: process, port: port)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    process.terminate()
    throw RPCError(.unreachable, "the development node did not start")
  }

  func stop() async {
    process.terminate()
    for _ in 0..<100 where process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }
}
