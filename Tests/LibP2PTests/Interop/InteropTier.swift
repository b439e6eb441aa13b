import Foundation

/// What the tests against real foreign peers need of the machine.
///
/// - `VALIDATORD_PYTHON`: Python with `Tests/Interop/requirements.txt`; `.venv/bin/python` when not set.
/// - `VALIDATORD_P2PD`: the p2pd binary of PyPI's hivemind 1.1.12; `.venv/bin/p2pd` when not set.
///
/// A test whose peer is not there is skipped and says so; a peer that is there and fails makes it fail.
enum InteropTier {
  static var python: URL { file(from: "VALIDATORD_PYTHON") ?? package.appending(path: ".venv/bin/python") }
  static var p2pd: URL { file(from: "VALIDATORD_P2PD") ?? package.appending(path: ".venv/bin/p2pd") }

  /// Whether the peer can be run here.
  static func has(_ kind: ForeignPeer.Kind) -> Bool {
    let isExecutable = FileManager.default.isExecutableFile(atPath:)
    guard isExecutable(python.path) else { return false }
    return switch kind {
    case .goLibP2P: isExecutable(p2pd.path)
    case .pyLibP2P: hasPyLibP2P
    }
  }

  static func script(_ path: String) -> String { package.appending(path: "Tests/Interop/\(path)").path }

  static func p2pdArguments() throws -> [String] { [script("mesh/p2pd_peer.py"), "--p2pd", p2pd.path] }

  /// Looked up in the environment's folder: to ask the interpreter would take a second.
  private static var hasPyLibP2P: Bool {
    let library = python.deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
    let versions = (try? FileManager.default.contentsOfDirectory(at: library, includingPropertiesForKeys: nil)) ?? []
    return versions.contains {
      FileManager.default.fileExists(atPath: $0.appending(path: "site-packages/libp2p").path)
    }
  }

  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func file(from variable: String) -> URL? {
    guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else { return nil }
    return URL(filePath: path, relativeTo: package)
  }
}
