import Foundation
import Testing

@Suite("Commands in the documentation")
struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The lines of `sh` blocks that start the program, without their comments.
  ///
  /// Lines with an ellipsis stand for many; lines that name other machines are left to their readers.
  static let commands: [String] = {
    var pages = [root.appending(path: "README.md")]
    pages +=
      (try? FileManager.default.contentsOfDirectory(at: root.appending(path: "docs"), includingPropertiesForKeys: nil))
      ?? []
    return pages.filter { $0.pathExtension == "md" }.flatMap { page in
      let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
      return text.components(separatedBy: "```sh\n").dropFirst().flatMap { block in
        block.components(separatedBy: "```")[0].split(separator: "\n")
          .map { $0.components(separatedBy: " #")[0].trimmingCharacters(in: .whitespaces) }
          .filter { $0.hasPrefix("validatord ") && !$0.contains("…") && !$0.contains("example") }
      }
    }
  }()

  @Test("Every command that the documentation shows is understood", arguments: commands)
  func understood(_ command: String) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let words = command.split(separator: " ").dropFirst().map(String.init)
    // A chain runs until it is told to end.
    let limit = words.first == "devchain" ? 5 : Program.limit
    let result = try await Program.run(words, folder: folder.path, limit: limit)
    // Files and endpoints are not there, so some fail; none may fail as wrong usage or crash.
    #expect([0, 1, 69, 77, 78].contains(result.status), "\(command): \(result.errors)")
  }

  @Test("The documentation shows commands")
  func present() { #expect(Self.commands.count >= 5) }
}
