import Crypto
import Foundation

/// The encrypted form of a key file: JSON with these fields, bytes being lower case hexadecimal.
///
///     format    "validatord-key"
///     version   1
///     address   the account with EIP-55 spelling, readable without the passphrase
///     kdf       name "scrypt", n, r, p, and salt of 32 bytes
///     cipher    name "chacha20-poly1305", nonce of 12 bytes, and ciphertext: 32 + 16 bytes
///     checksum  8 bytes, against accidents
///
/// The passphrase in UTF-8, normal form C, gives the cipher's key of 32 bytes. Authenticated with the
/// secret is the *header*: format, version, address in lower case, "scrypt", n, r, p, salt and
/// "chacha20-poly1305", joined by line feeds. The checksum is the start of SHA-256 over the header, nonce
/// and ciphertext, joined alike: it lets a damaged file be told from a wrong passphrase.
struct SealedKey {
  static let format = "validatord-key"
  static let version = 1

  let accountID: AccountID
  private let scrypt: ScryptParameters
  private let salt: [UInt8]
  private let nonce: [UInt8]
  /// The encrypted secret with the authentication tag behind it.
  private let ciphertext: [UInt8]

  /// Seals `key` with a fresh salt and nonce.
  init(_ key: AccountKey, passphrase: String, scrypt: ScryptParameters, path: String) throws {
    accountID = key.accountID
    self.scrypt = scrypt
    salt = (0..<32).map { _ in .random(in: .min ... .max) }
    let nonce = ChaChaPoly.Nonce()
    self.nonce = Array(nonce)
    let header = Self.header(accountID, scrypt, salt)
    let cipherKey = try Self.cipherKey(passphrase, scrypt, salt, path)
    let box = try key.secret.withUnsafeBytes {
      try ChaChaPoly.seal($0, using: cipherKey, nonce: nonce, authenticating: Array(header.utf8))
    }
    ciphertext = Array(box.ciphertext) + box.tag
  }

  /// Reads the JSON; nil if it is of another format.
  init?(json: [UInt8], path: String) throws {
    let decoder = JSONDecoder()
    guard (try? decoder.decode(Document.Kind.self, from: Data(json)))?.format == Self.format else {
      return nil
    }
    guard let document = try? decoder.decode(Document.self, from: Data(json)) else {
      throw KeyFileError(.damaged, path, "lacks a field or has one of the wrong type")
    }
    guard document.version == Self.version, document.kdf.name == "scrypt",
      document.cipher.name == "chacha20-poly1305"
    else {
      throw KeyFileError(.version, path, "has a version or a cipher that this program does not know")
    }
    guard let accountID = try? AccountID(document.address),
      let salt = Hexadecimal.bytes(document.kdf.salt.utf8),
      let nonce = Hexadecimal.bytes(document.cipher.nonce.utf8), nonce.count == 12,
      let ciphertext = Hexadecimal.bytes(document.cipher.ciphertext.utf8), ciphertext.count == 48
    else {
      throw KeyFileError(.damaged, path, "has a field of the wrong length or spelling")
    }
    self.accountID = accountID
    scrypt = ScryptParameters(n: document.kdf.n, r: document.kdf.r, p: document.kdf.p)
    self.salt = salt
    self.nonce = nonce
    self.ciphertext = ciphertext
    guard checksum == document.checksum else {
      throw KeyFileError(.damaged, path, "fails its checksum")
    }
  }

  /// The JSON text.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let document = Document(
      format: Self.format, version: Self.version, address: accountID.description,
      kdf: .init(name: "scrypt", n: scrypt.n, r: scrypt.r, p: scrypt.p, salt: Hexadecimal.text(salt)),
      cipher: .init(
        name: "chacha20-poly1305", nonce: Hexadecimal.text(nonce), ciphertext: Hexadecimal.text(ciphertext)),
      checksum: checksum)
    return Array(try encoder.encode(document))
  }

  /// Decrypts the secret.
  ///
  /// - Throws: ``KeyFileError``: `keyfile.passphrase` if the seal does not open, since the checksum was
  ///   right; `keyfile.damaged` if the key is not the account's.
  func open(passphrase: String, path: String) throws -> AccountKey {
    let cipherKey = try Self.cipherKey(passphrase, scrypt, salt, path)
    let box = try ChaChaPoly.SealedBox(
      nonce: ChaChaPoly.Nonce(data: nonce), ciphertext: ciphertext.dropLast(16), tag: ciphertext.suffix(16))
    let header = Array(Self.header(accountID, scrypt, salt).utf8)
    guard var secret = try? ChaChaPoly.open(box, using: cipherKey, authenticating: header) else {
      throw KeyFileError(.wrongPassphrase, path, "does not open with this passphrase")
    }
    defer { secret.withUnsafeMutableBytes { SecretBytes.wipe($0) } }
    guard let key = try? AccountKey(SecretBytes(secret)), key.accountID == accountID else {
      throw KeyFileError(.damaged, path, "holds the key of another account")
    }
    return key
  }

  private var checksum: String {
    let text = [
      Self.header(accountID, scrypt, salt), Hexadecimal.text(nonce), Hexadecimal.text(ciphertext),
    ].joined(separator: "\n")
    return Hexadecimal.text(Array(SHA256.hash(data: Array(text.utf8))).prefix(8))
  }

  private static func header(_ account: AccountID, _ scrypt: ScryptParameters, _ salt: [UInt8]) -> String {
    [
      format, "\(version)", account.hex, "scrypt", "\(scrypt.n)", "\(scrypt.r)", "\(scrypt.p)",
      Hexadecimal.text(salt), "chacha20-poly1305",
    ].joined(separator: "\n")
  }

  private static func cipherKey(
    _ passphrase: String, _ scrypt: ScryptParameters, _ salt: [UInt8], _ path: String
  ) throws -> SymmetricKey {
    let passphrase = passphrase.precomposedStringWithCanonicalMapping
    return try scrypt.key(from: passphrase, salt: salt, length: 32, path: path)
  }

  private struct Document: Codable {
    struct Kind: Decodable {
      let format: String
    }
    struct Derivation: Codable {
      let name: String
      let n, r, p: Int
      let salt: String
    }
    struct Cipher: Codable {
      let name, nonce, ciphertext: String
    }
    let format: String
    let version: Int
    let address: String
    let kdf: Derivation
    let cipher: Cipher
    let checksum: String
  }
}
