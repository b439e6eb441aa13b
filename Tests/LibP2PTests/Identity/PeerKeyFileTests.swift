import Foundation
import Testing

@testable import LibP2P

@Suite("Key files")
struct PeerKeyFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "validatord-keys-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func code(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? any LibP2PError)?.code
    }
  }

  @Test(
    "A written key has mode 0600 and reads back", arguments: KeyType.allCases, PrivateKey.Dialect.allCases)
  func roundTrip(_ type: KeyType, _ dialect: PrivateKey.Dialect) throws {
    try withFolder { folder in
      let key = try PrivateKey.generate(type)
      try PeerKeyFile.write(key, to: folder + "/key", dialect: dialect)
      let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/key")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(try PeerKeyFile.read(folder + "/key").publicKey == key.publicKey)
    }
  }

  @Test("An existing key is never overwritten")
  func noOverwrite() throws {
    try withFolder { folder in
      let first = try PrivateKey.generate(.ed25519)
      try PeerKeyFile.write(first, to: folder + "/key", dialect: .mesh)
      let second = try PrivateKey.generate(.ed25519)
      #expect(code { try PeerKeyFile.write(second, to: folder + "/key", dialect: .mesh) } == "peer-key-file.exists")
      #expect(try PeerKeyFile.read(folder + "/key").publicKey == first.publicKey)
    }
  }

  @Test(
    "A file that others can read is refused, one that only the owner can is read",
    arguments: [0o644, 0o640, 0o604, 0o660])
  func permissions(mode: Int) throws {
    try withFolder { folder in
      let path = folder + "/key"
      try PeerKeyFile.write(PrivateKey.generate(.ed25519), to: path, dialect: .mesh)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      #expect(code { _ = try PeerKeyFile.read(path) } == "peer-key-file.permissions")
      try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
      #expect(code { _ = try PeerKeyFile.read(path) } == nil)
    }
  }

  @Test("Links, folders, absent, huge and foreign files are refused by name")
  func notKeys() throws {
    try withFolder { folder in
      let path = folder + "/key"
      try PeerKeyFile.write(PrivateKey.generate(.ed25519), to: path, dialect: .mesh)
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: path)
      #expect(code { _ = try PeerKeyFile.read(folder + "/link") } == "peer-key-file.not-a-file")
      #expect(code { _ = try PeerKeyFile.read(folder) } == "peer-key-file.not-a-file")
      #expect(code { _ = try PeerKeyFile.read(folder + "/absent") } == "peer-key-file.not-found")
      for (name, contents, expected) in [
        ("huge", Data(count: 1 << 20), "peer-key-file.too-large"), ("empty", Data(), "key.malformed"),
        ("text", Data("not a key".utf8), "key.malformed"),
      ] {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        let path = "\(folder)/\(name)"
        try #require(FileManager.default.createFile(atPath: path, contents: contents, attributes: attributes))
        #expect(code { _ = try PeerKeyFile.read(path) } == expected)
      }
    }
  }
}
