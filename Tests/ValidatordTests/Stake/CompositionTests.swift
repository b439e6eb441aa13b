import Foundation
import Testing

/// What the types can't say of the program's own composition, said of its text.
@Suite("Composition of gates")
struct CompositionTests {
  private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/validatord")

  /// The program's files by name, without their comments.
  private static func files() throws -> [String: String] {
    let found = try #require(FileManager.default.enumerator(at: program, includingPropertiesForKeys: nil))
    var files: [String: String] = [:]
    for case let file as URL in found where file.pathExtension == "swift" {
      files[file.lastPathComponent] = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
    }
    return files
  }

  @Test("P-19 D-6 the one way to peers without proof of stake is the flag that stays on this machine")
  func insecure() throws {
    let files = try Self.files()
    #expect(files.count > 30)
    let insecure = files.filter { $0.value.contains(".insecure(") }.map(\.key)
    #expect(insecure == ["GateOptions.swift"])
    let options = try #require(files["GateOptions.swift"])
    #expect(options.components(separatedBy: ".insecure(").count == 2)
    let branch = try #require(options.firstRange(of: "guard !insecureNoStake, let subnet else {"))
    let use = try #require(options.firstRange(of: ".insecure("))
    let gated = try #require(options.firstRange(of: "Gate(\n"))
    #expect(branch.upperBound < use.lowerBound && use.lowerBound < gated.lowerBound)
    #expect(options.contains("gater: LoopbackGater()"))
  }

  @Test("P-19 bare streams are served by the peer for trials alone")
  func bare() throws {
    let bare = try Self.files().filter { $0.value.contains(".handle(") || $0.value.contains(".serve(") }.map(\.key)
    #expect(bare == ["P2PListenCommand.swift"])
  }
}
