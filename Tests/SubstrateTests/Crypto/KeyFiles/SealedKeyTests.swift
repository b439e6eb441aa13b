import Crypto
import Foundation
import Testing

@testable import Substrate

/// A recorded keystore of a test key.
struct KeystoreVector: Decodable {
  let passphrase, secret, document: String

  struct File: Decodable {
    let web3, sealed: [KeystoreVector]
  }

  var accountID: AccountID {
    get throws { try AccountKey(secret: KeyVectors.bytes(secret)).accountID }
  }
}

@Suite("Key files sealed with a passphrase")
struct SealedKeyTests {
  private let vectors: [KeystoreVector]
  private let folder: TemporaryFolder
  private static let cheap = ScryptParameters(n: 2, r: 1, p: 1)

  init() throws {
    vectors = try KeyVectors.load("keys/keystores.json", as: KeystoreVector.File.self).sealed
    folder = try TemporaryFolder()
    #expect(vectors.count == 3)
  }

  @Test("files that another implementation sealed by the documented format open")
  func foreign() throws {
    for vector in vectors {
      let path = try folder.file("key", vector.document.utf8)
      let expected = try KeyFile(path: path, form: .encrypted, accountID: vector.accountID)
      #expect(try KeyFile.inspect(path) == expected)
      let key = try KeyFile.load(path: path) { file in
        #expect(file == expected)
        return vector.passphrase
      }
      #expect(try key.accountID == vector.accountID)
    }
  }

  @Test("a written file opens with its passphrase in either normal form, and hides the secret")
  func roundTrip() throws {
    let key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
    let path = folder.entry("key")
    let written = try KeyFile.write(key, to: path, passphrase: "d\u{e9}j\u{e0}", scrypt: Self.cheap)
    #expect(try KeyFile.inspect(path) == written)
    #expect(try KeyFile.load(path: path) { _ in "de\u{301}ja\u{300}" }.accountID == key.accountID)
    #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("5a5a"))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("the standard cost is within the bounds and is what is written")
  func standardCost() throws {
    let key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
    let path = folder.entry("key")
    try KeyFile.write(key, to: path, passphrase: "p")
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains("131072"))
    #expect(try KeyFile.load(path: path) { _ in "p" }.accountID == key.accountID)
  }

  @Test("two files of one key and passphrase share neither salt nor ciphertext")
  func freshness() throws {
    let key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
    let fields = try ["one", "two"].map { name in
      let path = folder.entry(name)
      try KeyFile.write(key, to: path, passphrase: "p", scrypt: Self.cheap)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      return Set(text.matches(of: /"([0-9a-f]{24,})"/).map { String($0.1) })
    }
    #expect(fields[0].count == 3 && fields[0].isDisjoint(with: fields[1]))
  }

  @Test("a wrong passphrase is told from damage")
  func wrongPassphrase() throws {
    let vector = vectors[1]
    for wrong in ["x", vector.passphrase + " ", vector.passphrase.uppercased()] {
      expect("keyfile.passphrase") { try open(vector.document, wrong) }
    }
  }

  @Test("an empty or overlong passphrase is unfit for reading and writing")
  func unfitPassphrase() throws {
    let key = try AccountKey(secret: [UInt8](repeating: 0x5a, count: 32))
    for passphrase in ["", String(repeating: "p", count: 1025)] {
      expect("keyfile.passphrase.unfit") { try open(vectors[1].document, passphrase) }
      expect("keyfile.passphrase.unfit") {
        try KeyFile.write(key, to: folder.entry("key"), passphrase: passphrase, scrypt: Self.cheap)
      }
    }
    #expect(try !folder.entries.contains("key"))
  }

  @Test("a file cut short anywhere is damaged or of no form")
  func truncated() throws {
    for length in 0..<vectors[1].document.utf8.count {
      let text = String(vectors[1].document.prefix(length))
      #expect(throws: KeyFileError.self) { try open(text, vectors[1].passphrase) }
    }
  }

  @Test("a file with a changed byte is refused, or still gives the same key")
  func flipped() throws {
    let vector = vectors[1]
    let account = try vector.accountID
    let bytes = Array(vector.document.utf8)
    for position in bytes.indices {
      for mask: UInt8 in [0x01, 0x04, 0x20, 0x80] {
        var changed = bytes
        changed[position] ^= mask
        do {
          let sealed = try SealedKey(json: changed, path: "f")
          #expect(
            try sealed == nil || sealed?.open(passphrase: vector.passphrase, path: "f").accountID == account)
        } catch {
          #expect((error as? KeyFileError)?.code.hasPrefix("keyfile.") == true)
        }
      }
    }
  }

  @Test("a file changed on purpose, its checksum set right, does not open")
  func forged() throws {
    let other = try AccountKey(secret: [UInt8](repeating: 1, count: 32)).accountID.description
    for (field, value) in [("address", other), ("nonce", "000102030405060708090a0b"), ("p", "2")] {
      expect("keyfile.passphrase") { try open(forge(vectors[1], [field: value]), vectors[1].passphrase) }
    }
    // The forger's checksum is right: without a change the file opens.
    #expect(try open(forge(vectors[1], [:]), vectors[1].passphrase).accountID == vectors[1].accountID)
  }

  @Test(
    "scrypt parameters beyond the bounds are refused before anything is reserved",
    arguments: [
      (0, 8, 1), (1, 8, 1), (3, 8, 1), (-2, 8, 1), (1 << 19, 8, 1), (1 << 40, 8, 1), (1 << 62, 1, 1),
      (.max, 8, 1),
      (.min, 8, 1), (2, 0, 1), (2, -1, 1), (2, 17, 1), (2, .max, 1), (2, 8, 0), (2, 8, -1), (2, 8, .max),
      (1 << 18, 8, 3), (1 << 16, 1, 1),
    ])
  func hostileParameters(n: Int, r: Int, p: Int) throws {
    let document = try forge(vectors[1], ["n": "\(n)", "r": "\(r)", "p": "\(p)"])
    expect("keyfile.parameters") { try open(document, "p") }
  }

  @Test("other salts, lengths, versions and types are refused")
  func otherFields() throws {
    expect("keyfile.parameters") { try open(forge(vectors[1], ["salt": ""]), "p") }
    let long = String(repeating: "00", count: 65)
    expect("keyfile.parameters") { try open(forge(vectors[1], ["salt": long]), "p") }
    expect("keyfile.damaged") { try open(forge(vectors[1], ["nonce": "00"]), "p") }
    expect("keyfile.damaged") { try open(forge(vectors[1], ["ciphertext": "00"]), "p") }
    expect("keyfile.version") { try open(forge(vectors[1], ["version": "2"]), "p") }
    for (from, to) in [
      ("\"n\": 2", "\"n\": 2.5"), ("\"n\": 2", "\"n\": 1e400"), ("\"n\": 2", "\"n\": \"2\""),
      ("\"kdf\"", "\"kdg\""),
      ("\"n\": 2", "\"n\": 99999999999999999999"),
    ] {
      expect("keyfile.damaged") { try open(vectors[1].document.replacing(from, with: to), "p") }
    }
    for json in [
      "{}", "{\"format\":\"other\"}", String(repeating: "{\"a\":", count: 3000), "{\"version\":4}",
    ] {
      expect("keyfile.form") { try open(json, "p") }
    }
  }

  @Test("what the passphrase provider throws is passed on")
  func provider() throws {
    let path = try folder.file("key", vectors[1].document.utf8)
    #expect(throws: CancellationError.self) {
      try KeyFile.load(path: path) { _ in throw CancellationError() }
    }
  }

  private func open(_ document: String, _ passphrase: String) throws -> AccountKey {
    try KeyFile.load(path: folder.file("sealed", document.utf8)) { _ in passphrase }
  }

  private func expect<Value>(_ code: String, of body: () throws -> Value) {
    let error = #expect(throws: KeyFileError.self) { _ = try body() }
    #expect(error?.code == code)
  }

  /// The document with some fields changed and a checksum that fits them.
  private func forge(_ vector: KeystoreVector, _ changes: [String: String]) throws -> String {
    var text = vector.document
    for (field, value) in changes {
      let pattern = try Regex("\"\(field)\": (\"[^\"]*\"|[0-9]+)")
      let quoted = text.firstMatch(of: pattern).map { $0.0.hasSuffix("\"") } == true
      text = text.replacing(pattern, with: "\"\(field)\": " + (quoted ? "\"\(value)\"" : value))
    }
    func field(_ name: String) throws -> String {
      let pattern = try Regex("\"\(name)\": \"?([^\",}]*)", as: (Substring, Substring).self)
      return try String(#require(text.firstMatch(of: pattern)).1)
    }
    let body = try [
      "validatord-key", "1", field("address").lowercased(), "scrypt", field("n"), field("r"), field("p"),
      field("salt"), "chacha20-poly1305", field("nonce"), field("ciphertext"),
    ].joined(separator: "\n")
    let checksum = Hexadecimal.text(Array(SHA256.hash(data: Data(body.utf8))).prefix(8))
    return try text.replacing(field("checksum"), with: checksum)
  }
}
