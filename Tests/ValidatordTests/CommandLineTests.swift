import Foundation
import Testing

@Suite("The program from the outside")
struct CommandLineTests {
  @Test(
    "--version, --help and completions end with 0",
    arguments: [
      ["--version"], ["--help"], ["chain", "--help"], ["keys", "import", "--help"],
      ["--generate-completion-script", "bash"], ["--generate-completion-script", "zsh"],
      ["--generate-completion-script", "fish"],
    ])
  func help(_ arguments: [String]) async throws {
    let result = try await Program.run(arguments)
    #expect(result.status == 0)
    #expect(!result.output.isEmpty)
  }

  @Test("D-23 --help lists the subcommands, and one that there is not is wrong usage")
  func subcommands() async throws {
    let result = try await Program.run(["--help"])
    let listed = result.output.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    for command in ["validator", "hoster", "scores", "explain", "doctor", "devnet", "node", "db", "config"] {
      #expect(listed.contains(command), "\(command) is not in \(result.output)")
    }
    let unknown = try await Program.run(["conjure"])
    #expect(unknown.status == 64 && unknown.errors.contains("conjure"), "\(unknown.errors)")
    // For the daemon alone, so it is not listed, and is there.
    #expect(try await Program.run(["worker", "--help"]).status == 0)
  }

  @Test(
    "Wrong usage ends with 64 and says what is wrong",
    arguments: [
      (["--nonsense"], "nonsense"), (["chain", "epoch", "many"], "many"),
      (["chain", "info", "--at", "yesterday"], "yesterday"), (["chain", "stake", "1", "--class", "king"], "included"),
      (["chain", "info", "--genesis", "0x12"], "64 hex digits"),
      (["keys", "generate", "--out", "/nonexistent/x", "--words", "13"], "12, 15, 18, 21 or 24"),
    ])
  func usage(_ arguments: [String], _ hint: String) async throws {
    let result = try await Program.run(arguments)
    #expect(result.status == 64)
    #expect(result.errors.contains(hint), "\(result.errors)")
  }

  @Test(
    "An endpoint that is not there ends with 69, one that may not be used with 78",
    arguments: [
      ("ws://127.0.0.1:1", 69), ("http://127.0.0.1:1", 69), ("ws://node.example.invalid:9944", 78),
      ("ftp://127.0.0.1", 78), ("wss://", 78),
    ])
  func endpoints(_ url: String, _ status: Int32) async throws {
    let result = try await Program.run(["chain", "info", "--rpc", url])
    #expect(result.status == status)
    #expect(result.errors.hasPrefix("error: "))
    #expect(result.output.isEmpty)
  }

  @Test("D-25 beside Swift's own libraries and the base system's the program needs libcrypto, libsecp256k1, libsqlite3")
  func libraries() async throws {
    let result = try await Program.run([Program.executable], program: "/usr/bin/ldd")
    let needed = result.output.split(separator: "\n").compactMap { line in
      line.split(whereSeparator: \.isWhitespace).first?.split(separator: "/").last?.split(separator: ".").first
    }
    let base = ["linux-vdso", "ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm", "libgcc_s", "libstdc++", "libz"]
    let swift = ["libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime"]
    let others = needed.filter { name in !base.contains(String(name)) && !swift.contains { name.hasPrefix($0) } }
    #expect(Set(others) == ["libcrypto", "libsecp256k1", "libsqlite3"], "\(result.output) \(result.errors)")
  }

  @Test("Credentials in a URL are never shown")
  func credentials() async throws {
    let result = try await Program.run(["chain", "info", "--rpc", "ws://user:hunter2@127.0.0.1:1/key-abc?token=def"])
    #expect(result.status == 69)
    for secret in ["hunter2", "key-abc", "def"] { #expect(!result.errors.contains(secret)) }
  }
}

@Suite("Keys from the command line")
final class KeysCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)").path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test("A published phrase gives the address that substrate-interface gives")
  func importPhrase() async throws {
    // Public test phrase of BIP-39; it owns nothing.
    let phrase = Array(repeating: "abandon", count: 11).joined(separator: " ") + " about"
    let file = "\(folder)/imported.key"
    let imported = try await Program.run(["keys", "import", "--out", file], input: phrase + "\n")
    #expect(imported.status == 0, "\(imported.errors)")
    #expect(imported.output.contains("0x9858EfFD232B4033E47d90003D41EC34EcaEda94"))
    let address = try await Program.run(["keys", "address", file])
    #expect(address.output == "0x9858EfFD232B4033E47d90003D41EC34EcaEda94\n")
    let again = try await Program.run(["keys", "import", "--out", file], input: phrase + "\n")
    #expect(again.status == 1)
    #expect(again.errors.contains("[keyfile.exists]"))
  }

  @Test("A sealed key opens with its passphrase only, and shows its address without")
  func sealed() async throws {
    let file = "\(folder)/sealed.key"
    let passphrase = "\(folder)/passphrase"
    try Data("correct horse\n".utf8).write(to: URL(filePath: passphrase))
    let made = try await Program.run([
      "keys", "generate", "--out", file, "--encrypt", "--passphrase-file", passphrase, "--format", "json",
    ])
    #expect(made.status == 0, "\(made.errors)")
    let inspected = try await Program.run(["keys", "inspect", file])
    #expect(inspected.output.contains("encrypted"))
    let copied = try await Program.run(
      ["keys", "import", "--from", file, "--out", "\(folder)/copy.key"], input: "correct horse\n")
    #expect(copied.status == 0, "\(copied.errors)")
    let wrong = try await Program.run(
      ["keys", "import", "--from", file, "--out", "\(folder)/no.key"], input: "wrong\n")
    #expect(wrong.status == 77)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/no.key"))
  }

  @Test("A key file that others can read is refused with the command that mends it")
  func openMode() async throws {
    let file = "\(folder)/open.key"
    try Data((String(repeating: "01", count: 32) + "\n").utf8).write(to: URL(filePath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    let result = try await Program.run(["keys", "inspect", file])
    #expect(result.status == 77)
    #expect(result.errors.contains("chmod 600 '\(file)'"))
    #expect(!result.errors.contains("0101"))
  }

  @Test("A phrase of each length is shown once and comes back to the same address")
  func phrases() async throws {
    for words in [12, 24] {
      let made = try await Program.run(["keys", "generate", "--out", "\(folder)/\(words).key", "--words", "\(words)"])
      #expect(made.status == 0)
      let lines = made.output.split(separator: "\n")
      let phrase = try #require(lines.first { $0.hasPrefix("phrase") }).dropFirst("phrase".count).trimmingCharacters(
        in: .whitespaces)
      #expect(phrase.split(separator: " ").count == words)
      let imported = try await Program.run(
        ["keys", "import", "--out", "\(folder)/\(words)-again.key"], input: phrase + "\n")
      let first = try await Program.run(["keys", "address", "\(folder)/\(words).key"])
      let second = try await Program.run(["keys", "address", "\(folder)/\(words)-again.key"])
      #expect(imported.status == 0 && first.output == second.output && first.output.hasPrefix("0x"))
    }
  }
}
