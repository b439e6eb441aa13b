import Foundation
import Testing

/// What `Tests/Interop/devnet/check.py` finds, which has none of the program's code.
struct Outside: Decodable {
  struct Database: Decodable {
    let scores: [String: UInt64]
    let recomputed: Bool
    let digest: Bool
    let integrity: Bool
    let signatures: Int
    let mode: String
  }

  let epoch: UInt32
  let proposed: [String: UInt64]
  let attests: [UInt32]
  let proposer: UInt32
  let databases: [String: Database]
  let ids: [String: UInt32?]
  let keyModes: [String]

  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func check(_ network: String) async throws -> Outside {
    let environment = ProcessInfo.processInfo.environment
    let python =
      environment["VALIDATORD_PYTHON"].flatMap { $0.isEmpty ? nil : URL(filePath: $0, relativeTo: package).path }
      ?? package.appending(path: ".venv/bin/python").path
    let script = package.appending(path: "Tests/Interop/devnet/check.py").path
    let result = try await Program.run(
      [script, "--network", network, "--seconds", "120"], program: python)
    try #require(result.status == 0, "\(result.output) \(result.errors)")
    return try JSONDecoder().decode(Outside.self, from: Data(result.output.utf8))
  }
}
