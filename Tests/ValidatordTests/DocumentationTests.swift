import Foundation
import Testing

@Suite("Commands in the documentation")
struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let pages: [String] = {
    var pages = [root.appending(path: "README.md")]
    pages +=
      (try? FileManager.default.contentsOfDirectory(at: root.appending(path: "docs"), includingPropertiesForKeys: nil))
      ?? []
    return pages.filter { $0.pathExtension == "md" }.compactMap { try? String(contentsOf: $0, encoding: .utf8) }
  }()

  /// The lines of `sh` blocks that start the program, without their comments.
  ///
  /// Lines with an ellipsis stand for many; lines that name other machines are left to their readers.
  static let commands: [String] =
    pages.flatMap { page in
      page.components(separatedBy: "```sh\n").dropFirst().flatMap { block in
        block.components(separatedBy: "```")[0].split(separator: "\n")
          .map { command(in: $0) }
          .filter { $0.hasPrefix("validatord ") && !$0.contains("…") && !$0.contains("example") }
      }
    }

  /// Without what the shell takes for itself; endpoints of the chain are ones that nobody serves.
  private static func command(in line: some StringProtocol) -> String {
    String(line).replacing(/\ (?:#|>).*/, with: "").replacing(/^sudo\ -u\ validatord\ /, with: "")
      .replacing(/wss:\/\/\S+\.example\.org/, with: "ws://127.0.0.1:1")
      .trimmingCharacters(in: .whitespaces)
  }

  @Test("Every command that the documentation shows is understood", arguments: commands)
  func understood(_ command: String) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let words = command.split(separator: " ").dropFirst().map(String.init)
    // Files and endpoints are not there, so some fail; none may fail as wrong usage or crash.
    let fine: [Int32] = [0, 1, 69, 77, 78]
    // A chain runs until it is told to end, and a network for minutes.
    if ["devchain", "devnet"].contains(words.first) {
      try await RunningProgram.with(words, folder: folder.path) { program in
        try await program.minds(SIGTERM)
        program.terminate()
        let status = try await program.end()
        #expect(fine.contains(status), "\(command): \(program.errors)")
      }
    } else {
      let result = try await Program.run(words, folder: folder.path)
      #expect(fine.contains(result.status), "\(command): \(result.errors)")
    }
  }

  @Test("The unit starts what the page installs, tells only the daemon to end, and starts again as exit codes say")
  func unit() throws {
    let page = try #require(Self.pages.first { $0.contains("\n[Unit]\n") })
    let unit = try #require(page.firstMatch(of: /\n\[Unit\]\n(?s:.*?)\n\[Install\]\n/)?.output)
    let (_, folder, configuration, file) = try #require(
      unit.firstMatch(of: /\nExecStart=(\/\S+\/)validatord %i --config (\/\S+\/)(\S+)\n/)?.output)
    #expect(page.contains("install .build/release/validatord \(folder)\n"))
    #expect(page.contains(" \(file) \(configuration)\n"))
    #expect(unit.contains("\nKillMode=mixed\n"))
    let codes = try #require(Self.pages.first { $0.hasPrefix("# Exit codes\n") })
    let starts = try #require(codes.firstMatch(of: /\nRestart=.*\n(RestartPreventExitStatus=.*\n)/)?.output.1)
    #expect(unit.contains(starts))
    for role in ["hoster", "validator"] {
      #expect(Self.pages.contains { $0.contains("_SYSTEMD_UNIT=validatord@\(role).service") }, "fail2ban")
    }
    // One is kept right more easily than several.
    #expect(Self.pages.count { $0.contains("\n[Unit]\n") } == 1)
  }

  @Test("The documentation shows commands")
  func present() { #expect(Self.commands.count >= 5) }
}
