import Foundation
import Synchronization

/// A py-libp2p peer as a child process: JSON objects on its standard output, one a line.
///
/// - `VALIDATORD_PYTHON`: Python with `Tests/Interop/requirements.txt`; `.venv/bin/python` when not set.
/// - `SUBNET_TEMPLATE`: a checkout of the published template, for the peers that are made of it.
final class PythonPeer: Sendable {
  /// A line of output, as far as tests look.
  struct Line: Decodable, Sendable {
    var event: String
    var multiaddr: String?
    var len: Int?
    var sha256: String?
    var reads: Int?
    var end: String?
    var text: String?
    var ok: Bool?
    var error: String?
    var detail: String?
    var cause: String?
  }

  private let process: Process
  private let lines: AsyncStream<Line>

  private init(_ script: String, _ arguments: [String]) throws {
    let (lines, continuation) = AsyncStream.makeStream(of: Line.self)
    self.lines = lines
    process = Process()
    process.executableURL = Self.python
    process.arguments = [Self.package.appending(path: "Tests/Interop/subnet/\(script)").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let partial = Mutex(Data())
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        return continuation.finish()
      }
      partial.withLock { partial in
        partial += data
        while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
          if let line = try? JSONDecoder().decode(Line.self, from: partial[..<end]) { continuation.yield(line) }
          partial = Data(partial[partial.index(after: end)...])
        }
      }
    }
    try process.run()
  }

  /// Runs `body` beside a script, and ends the script in any case.
  static func with<Value>(
    _ script: String, _ arguments: [String] = [], _ body: (PythonPeer) async throws -> Value
  ) async throws -> Value {
    let peer = try PythonPeer(script, arguments)
    defer { kill(peer.process.processIdentifier, SIGKILL) }
    return try await body(peer)
  }

  /// The next line of this event; nil when the process has ended. One task asks.
  func line(_ event: String) async -> Line? {
    for await line in lines where line.event == event { return line }
    return nil
  }

  /// Whether py-libp2p is installed. Looked up in the environment's folder: to ask the interpreter takes a second.
  static var isInstalled: Bool {
    let library = python.deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
    let versions = (try? FileManager.default.contentsOfDirectory(at: library, includingPropertiesForKeys: nil)) ?? []
    return FileManager.default.isExecutableFile(atPath: python.path)
      && versions.contains {
        FileManager.default.fileExists(atPath: $0.appending(path: "site-packages/libp2p").path)
      }
  }

  /// Whether the template can be run.
  static var hasTemplate: Bool {
    isInstalled && ProcessInfo.processInfo.environment["SUBNET_TEMPLATE"].map { !$0.isEmpty } == true
  }

  private static var python: URL {
    guard let path = ProcessInfo.processInfo.environment["VALIDATORD_PYTHON"], !path.isEmpty else {
      return package.appending(path: ".venv/bin/python")
    }
    return URL(filePath: path, relativeTo: package)
  }

  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
