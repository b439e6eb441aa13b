import Foundation

/// What the tests with nodes of the mesh need of the machine; see docs/development.md.
enum ForeignNode {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Python with `Tests/Interop/requirements.txt`; nil where there is none.
  static var python: String? { file("VALIDATORD_PYTHON", ".venv/bin/python") }

  /// The p2pd of PyPI's hivemind; nil where there is none.
  static var p2pd: String? { file("VALIDATORD_P2PD", ".venv/bin/p2pd") }

  static func script(_ path: String) -> String { package.appending(path: "Tests/Interop/\(path)").path }

  private static func file(_ variable: String, _ standard: String) -> String? {
    let named = ProcessInfo.processInfo.environment[variable] ?? ""
    let path = URL(filePath: named.isEmpty ? standard : named, relativeTo: package).path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }
}
