import Foundation
import Testing

@testable import Substrate

/// Test keys only.
@Suite("Key files: permissions, creation and the plain form")
struct KeyFileTests {
  private static let digits = String(repeating: "5a", count: 32)
  private let folder: TemporaryFolder
  private let key: AccountKey

  init() throws {
    folder = try TemporaryFolder()
    key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
  }

  @Test("a plain file holds the digits, is accessible to its owner only, and gives the key back unasked")
  func plain() throws {
    let path = folder.entry("hotkey")
    let written = try KeyFile.write(key, to: path, passphrase: nil)
    #expect(written == KeyFile(path: path, form: .plain, accountID: key.accountID))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.digits + "\n")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try KeyFile.inspect(path) == written)
    #expect(try load(path).accountID == key.accountID)
    #expect(try folder.entries == ["hotkey"])
  }

  @Test("common spellings of the plain form are read", arguments: ["", "0x"], ["", "\n", "\r\n", " \t\n\n"])
  func spellings(prefix: String, suffix: String) throws {
    for digits in [Self.digits, Self.digits.uppercased()] {
      let path = try folder.file("key", (prefix + digits + suffix).utf8)
      #expect(try load(path).accountID == key.accountID)
    }
  }

  @Test("a mode that lets others in is refused with the command that mends it")
  func modes() throws {
    for bit in 0..<12 where bit != 7 && bit != 8 {
      let path = try folder.file("it's", Self.digits.utf8, mode: 0o600 | 1 << bit)
      let error = try refusal(path)
      #expect(error?.code == "keyfile.mode")
      #expect(error?.remedy == "Run: chmod 600 '\(folder.path)/it'\\''s'")
    }
    #expect(try load(folder.file("key", Self.digits.utf8, mode: 0o400)).accountID == key.accountID)
  }

  @Test("a file of another user is refused", .enabled(if: geteuid() == 0, "only root can give files away"))
  func owner() throws {
    let path = try folder.file("key", Self.digits.utf8)
    #expect(chown(path, 12345, 12345) == 0)
    #expect(try refusal(path)?.code == "keyfile.owner")
  }

  @Test("links, directories, pipes, devices and missing files are refused without waiting")
  func kinds() throws {
    let target = try folder.file("key", Self.digits.utf8)
    #expect(symlink(target, folder.entry("link")) == 0)
    #expect(symlink(folder.entry("nothing"), folder.entry("dangling")) == 0)
    #expect(mkfifo(folder.entry("pipe"), 0o600) == 0)
    #expect(try refusal(folder.entry("link"))?.code == "keyfile.symlink")
    #expect(try refusal(folder.entry("dangling"))?.code == "keyfile.symlink")
    #expect(try refusal(folder.path)?.code == "keyfile.kind")
    #expect(try refusal(folder.entry("pipe"))?.code == "keyfile.kind")
    #expect(try refusal("/dev/zero")?.code == "keyfile.kind")
    #expect(try refusal(folder.entry("nothing"))?.code == "keyfile.missing")
    #expect(try refusal(target + "/below")?.code == "keyfile.missing")
    #expect(try refusal("")?.code == "keyfile.missing")
    #expect(try refusal(target + "\0.txt")?.code == "keyfile.unreadable")
  }

  @Test("a file larger than the bound is refused, one as large is read")
  func size() throws {
    let padding = [UInt8](repeating: 0x20, count: PrivateFile.maximumSize - 64)
    #expect(try load(folder.file("key", Self.digits.utf8 + padding)).accountID == key.accountID)
    let path = try folder.file("large", Self.digits.utf8 + padding + [0x20])
    #expect(try refusal(path)?.code == "keyfile.size")
  }

  @Test(
    "text that is no secret is refused without being repeated",
    arguments: [
      "", "\n", "0x", "5a", digits + "5a", String(digits.dropLast()), String(digits.dropLast()) + "g",
      digits + " " + digits, "0x0x" + digits, "0X" + digits, "secret: " + digits, "\u{feff}" + digits, "[",
      "\"",
    ])
  func malformed(text: String) throws {
    let error = try refusal(folder.file("key", text.utf8))
    #expect(error?.code == "keyfile.form")
    #expect(error.map { !"\($0)".contains("5a5a5a5a") } == true)
  }

  @Test("numbers outside the group are refused")
  func outOfRange() throws {
    for secret in [[UInt8](repeating: 0, count: 32), Secp256k1.order, [UInt8](repeating: 0xff, count: 32)] {
      #expect(try refusal(folder.file("key", Hexadecimal.digits(secret)))?.code == "keyfile.damaged")
    }
  }

  @Test("nothing that exists is overwritten", arguments: [nil, "passphrase"])
  func existing(passphrase: String?) throws {
    let path = try folder.file("key", "precious".utf8, mode: 0o644)
    #expect(symlink(folder.entry("nothing"), folder.entry("dangling")) == 0)
    for taken in [path, folder.entry("dangling"), folder.path] {
      let error = #expect(throws: KeyFileError.self) {
        try KeyFile.write(key, to: taken, passphrase: passphrase, scrypt: ScryptParameters(n: 2, r: 1, p: 1))
      }
      #expect(error?.code == "keyfile.exists")
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(try folder.entries == ["dangling", "key"])
  }

  @Test("a path that cannot be written is reported and leaves nothing behind")
  func unwritable() throws {
    let long = String(repeating: "n", count: 300)
    for path in [folder.entry("missing/key"), folder.entry(long), folder.entry("a\0b"), ""] {
      let error = #expect(throws: KeyFileError.self) { try KeyFile.write(key, to: path, passphrase: nil) }
      #expect(error?.code == "keyfile.unwritable")
    }
    #expect(try folder.entries == [])
  }

  @Test("the directory may be reached over a link")
  func linkedDirectory() throws {
    #expect(mkdir(folder.entry("real"), 0o700) == 0)
    #expect(symlink("real", folder.entry("linked")) == 0)
    try KeyFile.write(key, to: folder.entry("linked/key"), passphrase: nil)
    #expect(try load(folder.entry("real/key")).accountID == key.accountID)
    #expect(try load(folder.entry("linked/key")).accountID == key.accountID)
  }

  @Test("of many writers to one path one wins and its file is whole")
  func race() async throws {
    let path = folder.entry("key")
    let wins = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 { group.addTask { (try? KeyFile.write(key, to: path, passphrase: nil)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wins == 1)
    #expect(try load(path).accountID == key.accountID)
    #expect(try folder.entries == ["key"])
  }

  @Test(
    "a writer killed at any moment leaves whole files or none",
    arguments: [0, 30, 70, 150, 310, 640, 1300, 2500])
  func killed(microseconds: UInt32) async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String, microseconds] in
      let key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
      // Bounded by the thread, and by the count should that fail.
      for number in 0..<100_000 {
        if number == 8 {
          Thread.detachNewThread {
            usleep(microseconds)
            kill(getpid(), SIGKILL)
          }
        }
        try KeyFile.write(key, to: "\(path)/key\(number)", passphrase: nil)
      }
    }
    let entries = try folder.entries
    let written = entries.filter { $0.hasPrefix("key") }
    #expect(written.count >= 8)
    for name in written { #expect(try load(folder.entry(name)).accountID == key.accountID) }
    let leftovers = entries.filter { !$0.hasPrefix("key") }
    #expect(leftovers.count <= 1)
    #expect(leftovers.allSatisfy { $0.hasPrefix(".validatord-") && $0.hasSuffix(".tmp") })
    // What a killed writer left does not hinder the next one.
    try KeyFile.write(key, to: folder.entry("next"), passphrase: nil)
  }

  private func load(_ path: String) throws -> AccountKey {
    try KeyFile.load(path: path) { _ in
      Issue.record("a plain file needs no passphrase")
      return ""
    }
  }

  /// The error of both readers, which has to be the same.
  private func refusal(_ path: String) throws -> KeyFileError? {
    let error = #expect(throws: KeyFileError.self) { try load(path) }
    #expect(throws: try #require(error)) { try KeyFile.inspect(path) }
    return error
  }
}
