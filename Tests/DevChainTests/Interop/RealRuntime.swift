import Foundation
import Substrate
import Testing

@testable import DevChain

/// The published runtime, executed by `Tests/Interop/chain/devnode.py` in a child process, with blocks by hand.
final class RealRuntime: Sendable {
  static var specification: String? { ProcessInfo.processInfo.environment["HYPERTENSOR_SPEC"] }
  static var isAvailable: Bool { specification?.isEmpty == false }

  private let process: Process
  let rpc: HTTPRPCConnection

  private init(_ process: Process, _ rpc: HTTPRPCConnection) {
    self.process = process
    self.rpc = rpc
  }

  /// Runs `body` beside a node that starts from ``Recorded/five()``.
  static func with(_ body: (RealRuntime) async throws -> Void) async throws {
    let package = Recorded.tests.deletingLastPathComponent()
    let scratch = FileManager.default.temporaryDirectory.appending(path: "runtime-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let portFile = scratch.appending(path: "port")
    let environment = ProcessInfo.processInfo.environment
    let process = Process()
    process.executableURL = URL(
      filePath: environment["VALIDATORD_PYTHON"] ?? package.appending(path: ".venv/bin/python").path)
    process.arguments = [
      package.appending(path: "Tests/Interop/chain/devnode.py").path, "--spec", specification ?? "",
      "--state", Recorded.tests.appending(path: "Interop/chain/states/five-feb2026.state.json").path,
      "--cache", (environment["VALIDATORD_BUILD"] ?? package.appending(path: ".build").path) + "/interop-cache",
      "--port", "0", "--port-file", portFile.path, "--block-time", "manual", "--run-seconds", "900",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    let give = ContinuousClock.now + .seconds(180)
    var port: Int?
    while port == nil, process.isRunning, ContinuousClock.now < give {
      port = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap { Int($0) }
      try await Task.sleep(for: .milliseconds(50))
    }
    let rpc = try HTTPRPCConnection(to: RPCEndpoint("http://127.0.0.1:\(try #require(port))"))
    do {
      try await body(RealRuntime(process, rpc))
    } catch {
      await rpc.close()
      throw error
    }
    await rpc.close()
  }

  /// - Returns: nil if the extrinsic was taken, else why not.
  func submit(_ extrinsic: [UInt8]) async throws -> String? {
    do {
      _ = try await rpc.call("author_submitExtrinsic", [JSONValue(hex: extrinsic)], timeout: .seconds(60))
      return nil
    } catch let error as RPCError {
      return error.server.map { "\($0.code) \($0.data?.description ?? "")" } ?? "\(error)"
    }
  }

  func makeBlock() async throws {
    _ = try await rpc.call("dev_newBlock", [["count": 1]], timeout: .seconds(120))
  }

  func value(_ key: [UInt8]) async throws -> [UInt8]? {
    try await rpc.call("state_getStorage", [JSONValue(hex: key)], timeout: .seconds(60)).hexBytes
  }

  /// All values under a prefix.
  func values(_ prefix: [UInt8]) async throws -> [[UInt8]: [UInt8]] {
    var values: [[UInt8]: [UInt8]] = [:]
    var last: JSONValue = .null
    while true {
      let page =
        try await rpc.call(
          "state_getKeysPaged", [JSONValue(hex: prefix), 1000, last], timeout: .seconds(60)
        ).arrayValue ?? []
      guard let newest = page.last else { return values }
      let answer = try await rpc.call("state_queryStorageAt", [.array(page)], timeout: .seconds(60))
      for change in answer[0]?["changes"]?.arrayValue ?? [] {
        guard let key = change[0]?.hexBytes, let value = change[1]?.hexBytes else { continue }
        values[key] = value
      }
      last = newest
    }
  }
}
