import Foundation

/// What of the foreign side this machine offers to the tests.
///
/// The chain's raw specifications are not the project's to ship. Tests that run the real runtime are enabled by
/// `.enabled(if: InteropEnvironment.hasSpec)`, which asks only whether the variable is set: a variable that
/// names a missing file makes the test fail, it does not skip it.
///
/// - `HYPERTENSOR_SPEC`: raw chain specification of generation B (February 2026).
/// - `HYPERTENSOR_SPEC_A`: the same of generation A (December 2025).
/// - `VALIDATORD_PYTHON`: Python with `Tests/Interop/requirements.txt`; `.venv/bin/python` when not set.
enum InteropEnvironment {
  /// Whether tests against the runtime of generation B were asked for.
  static var hasSpec: Bool { hasSpec(of: .february) }

  /// Whether tests against the runtime of `chain` were asked for.
  static func hasSpec(of chain: RecordedChain) -> Bool { specification(of: chain) != nil }

  /// The raw specification of `chain`, which may not exist.
  static func specification(of chain: RecordedChain) -> URL? { file(from: variable(for: chain)) }

  static func variable(for chain: RecordedChain) -> String {
    switch chain {
    case .december: "HYPERTENSOR_SPEC_A"
    case .february: "HYPERTENSOR_SPEC"
    }
  }

  /// The interpreter that runs the foreign peers.
  static var python: URL { file(from: "VALIDATORD_PYTHON") ?? package.appending(path: ".venv/bin/python") }

  /// `Tests/Interop` of this package.
  static var folder: URL { package.appending(path: "Tests/Interop") }

  /// Where foreign peers keep what they compile: in the build folder, outside git.
  static var cache: URL {
    (file(from: "VALIDATORD_BUILD") ?? package.appending(path: ".build")).appending(path: "interop-cache")
  }

  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func file(from variable: String) -> URL? {
    guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else { return nil }
    return URL(filePath: path, relativeTo: package)
  }
}
