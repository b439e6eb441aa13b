import Foundation
import Testing

@testable import Substrate

@Suite("Ethereum keystores, version 3")
struct Web3KeystoreTests {
  private let vectors: [KeystoreVector]
  private let folder: TemporaryFolder

  init() throws {
    vectors = try KeyVectors.load("keys/keystores.json", as: KeystoreVector.File.self).web3
    folder = try TemporaryFolder()
    #expect(vectors.count == 4)
  }

  /// The examples of the "Web3 Secret Storage Definition"; passphrase "testpassword".
  private static let published = (
    pbkdf2: """
    {"crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46", "kdf": "pbkdf2",
    "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
    "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}
    """,
    secret: "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
  )

  @Test("keystores of eth-account open: scrypt, PBKDF2, short counters, accents and geth's cost")
  func foreign() throws {
    for vector in vectors {
      let path = try folder.file("UTC--key", vector.document.utf8)
      #expect(try KeyFile.inspect(path) == KeyFile(path: path, form: .web3, accountID: vector.accountID))
      #expect(try KeyFile.load(path: path) { _ in vector.passphrase }.accountID == vector.accountID)
    }
  }

  @Test("the published example opens, which names no account and may spell crypto with a capital")
  func publishedExample() throws {
    let account = try AccountKey(secret: KeyVectors.bytes(Self.published.secret)).accountID
    for document in [
      Self.published.pbkdf2, Self.published.pbkdf2.replacing("\"crypto\"", with: "\"Crypto\""),
    ] {
      let path = try folder.file("key", document.utf8)
      #expect(try KeyFile.inspect(path).accountID == nil)
      #expect(try KeyFile.load(path: path) { _ in "testpassword" }.accountID == account)
    }
  }

  @Test("a wrong passphrase and a changed ciphertext fail the authentication code")
  func wrongPassphrase() throws {
    let document = vectors[0].document
    expect("keyfile.passphrase") { try open(document, "wrong") }
    let changed = document.replacing("6a462b01", with: "6a462b02")
    #expect(changed != document)
    expect("keyfile.passphrase") { try open(changed, vectors[0].passphrase) }
  }

  @Test("a key that is not the named account's is damage")
  func otherAccount() throws {
    let named = try vectors[0].accountID.description.dropFirst(2)
    let other = try vectors[1].accountID.description.dropFirst(2)
    expect("keyfile.damaged") {
      try open(vectors[0].document.replacing(named, with: other), vectors[0].passphrase)
    }
    expect("keyfile.damaged") {
      try open(vectors[0].document.replacing(named, with: "beef"), vectors[0].passphrase)
    }
  }

  @Test(
    "costs beyond the bounds are refused before anything is reserved",
    arguments: [
      ("\"n\": 4096", "\"n\": 524288"), ("\"n\": 4096", "\"n\": 9223372036854775807"),
      ("\"n\": 4096", "\"n\": -1"),
      ("\"n\": 4096", "\"n\": 4095"), ("\"r\": 8", "\"r\": 1000000"), ("\"r\": 8", "\"r\": 0"),
      ("\"p\": 1", "\"p\": 1000000"), ("\"dklen\": 32", "\"dklen\": 1000000000"),
      ("\"salt\": \"57ba", "\"salt\": \"\", \"x\": \""),
      // The published scrypt example's cost, which RFC 7914 forbids: n has to be below 2^(16 r).
      ("\"n\": 4096, \"r\": 8, \"p\": 1", "\"n\": 262144, \"r\": 1, \"p\": 8"),
    ])
  func hostileScrypt(from: String, to: String) throws {
    let document = vectors[0].document.replacing(from, with: to)
    #expect(document != vectors[0].document)
    expect("keyfile.parameters") { try open(document, "p") }
  }

  @Test(
    "rounds of PBKDF2 beyond the bounds are refused",
    arguments: ["0", "-1", "5000001", "9223372036854775807"])
  func hostileRounds(rounds: String) throws {
    let document = Self.published.pbkdf2.replacing("262144", with: rounds)
    expect("keyfile.parameters") { try open(document, "testpassword") }
  }

  @Test("other ciphers and derivations are named as such, missing fields as damage")
  func otherForms() throws {
    for (from, to) in [("aes-128-ctr", "aes-256-gcm"), ("\"scrypt\"", "\"argon2id\""), ("\"n\"", "\"m\"")] {
      expect("keyfile.form") { try open(vectors[0].document.replacing(from, with: to), "p") }
    }
    expect("keyfile.form") {
      try open(Self.published.pbkdf2.replacing("hmac-sha256", with: "hmac-sha1"), "p")
    }
    for field in ["cipher", "ciphertext", "mac", "iv", "salt", "dklen", "crypto"] {
      expect("keyfile.damaged") {
        try open(vectors[0].document.replacing("\"\(field)\"", with: "\"none\""), "p")
      }
    }
  }

  @Test("a file cut short anywhere is refused")
  func truncated() throws {
    for length in 0..<vectors[0].document.utf8.count {
      let text = String(vectors[0].document.prefix(length))
      #expect(throws: KeyFileError.self) { try open(text, vectors[0].passphrase) }
    }
  }

  private func open(_ document: String, _ passphrase: String) throws -> AccountKey {
    try KeyFile.load(path: folder.file("key", document.utf8)) { _ in passphrase }
  }

  private func expect<Value>(_ code: String, of body: () throws -> Value) {
    let error = #expect(throws: KeyFileError.self) { _ = try body() }
    #expect(error?.code == code)
  }
}
