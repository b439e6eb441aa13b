import Crypto
import Foundation
import _CryptoExtras

/// Version 3 of Ethereum's "Web3 Secret Storage": what geth, eth-account and most wallets write.
struct Web3Keystore {
  /// The most rounds of PBKDF2 that a file may ask for; the tools' standards are up to 10^6.
  static let maximumRounds = 5_000_000

  private enum Derivation {
    case scrypt(ScryptParameters)
    case pbkdf2(rounds: Int)
  }

  /// The account that the file names, if it does.
  let accountID: AccountID?
  private let derivation: Derivation
  private let salt: [UInt8]
  private let counter: [UInt8]
  private let ciphertext: [UInt8]
  private let code: [UInt8]

  /// Reads the JSON; nil if it is of another format.
  init?(json: [UInt8], path: String) throws {
    let decoder = JSONDecoder()
    guard (try? decoder.decode(Document.Kind.self, from: Data(json)))?.version == 3 else { return nil }
    guard let document = try? decoder.decode(Document.self, from: Data(json)) else {
      throw KeyFileError(.damaged, path, "lacks a field or has one of the wrong type")
    }
    let contents = document.contents
    guard contents.cipher == "aes-128-ctr" else {
      throw KeyFileError(.form, path, "uses a cipher other than aes-128-ctr")
    }
    guard let salt = Hexadecimal.bytes(contents.kdfparams.salt.utf8),
      let counter = Hexadecimal.bytes(contents.cipherparams.iv.utf8), (1...16).contains(counter.count),
      let ciphertext = Hexadecimal.bytes(contents.ciphertext.utf8),
      ciphertext.count == Secp256k1.secretLength,
      let code = Hexadecimal.bytes(contents.mac.utf8), code.count == 32,
      document.address.map({ Self.account($0) != nil }) ?? true
    else {
      throw KeyFileError(.damaged, path, "has a field of the wrong length or spelling")
    }
    derivation = try Self.derivation(contents, path: path)
    accountID = document.address.flatMap(Self.account)
    self.salt = salt
    // eth-keyfile writes the counter as a number, without leading zeros.
    self.counter = [UInt8](repeating: 0, count: 16 - counter.count) + counter
    self.ciphertext = ciphertext
    self.code = code
  }

  /// Decrypts the secret.
  ///
  /// - Throws: ``KeyFileError``: `keyfile.passphrase` if the authentication code does not fit, which
  ///   damage to the file causes, too; `keyfile.damaged` if the key is not the named account's.
  func open(passphrase: String, path: String) throws -> AccountKey {
    var derived = try derivedKey(passphrase, path).withUnsafeBytes { Array($0) }
    defer { derived.wipe() }
    // SymmetricKey compares in constant time.
    guard SymmetricKey(data: Keccak256.hash(Array(derived[16...]) + ciphertext)) == SymmetricKey(data: code)
    else {
      throw KeyFileError(.wrongPassphrase, path, "does not open with this passphrase, or is damaged")
    }
    var secret = try AES._CTR.decrypt(
      ciphertext, using: SymmetricKey(data: derived[..<16]), nonce: AES._CTR.Nonce(nonceBytes: counter))
    defer { secret.withUnsafeMutableBytes { SecretBytes.wipe($0) } }
    guard let key = try? AccountKey(SecretBytes(secret)), accountID == nil || key.accountID == accountID
    else {
      throw KeyFileError(.damaged, path, "holds the key of another account")
    }
    return key
  }

  private func derivedKey(_ passphrase: String, _ path: String) throws -> SymmetricKey {
    switch derivation {
    case .scrypt(let parameters):
      return try parameters.key(from: passphrase, salt: salt, length: 32, path: path)
    case .pbkdf2(let rounds):
      try ScryptParameters.check(salt: salt, passphrase: passphrase, path: path)
      return try KDF.Insecure.PBKDF2.deriveKey(
        from: Array(passphrase.utf8), salt: salt, using: .sha256, outputByteCount: 32,
        unsafeUncheckedRounds: rounds)
    }
  }

  private static func derivation(_ contents: Document.Contents, path: String) throws -> Derivation {
    let parameters = contents.kdfparams
    guard parameters.dklen == 32 else {
      throw KeyFileError(.parameters, path, "asks for a derived key of another length than 32 bytes")
    }
    switch (contents.kdf, parameters.n, parameters.r, parameters.p, parameters.c) {
    case ("scrypt", let n?, let r?, let p?, _):
      return .scrypt(ScryptParameters(n: n, r: r, p: p))
    case ("pbkdf2", _, _, _, let rounds?) where parameters.prf == "hmac-sha256":
      guard (1...maximumRounds).contains(rounds) else {
        throw KeyFileError(.parameters, path, "asks for \(rounds) rounds of PBKDF2")
      }
      return .pbkdf2(rounds: rounds)
    default:
      throw KeyFileError(.form, path, "uses a key derivation other than scrypt and PBKDF2 with HMAC-SHA256")
    }
  }

  /// The address field comes with and without `0x`.
  private static func account(_ text: String) -> AccountID? {
    try? AccountID(text.hasPrefix("0x") ? text : "0x" + text)
  }

  private struct Document: Decodable {
    struct Kind: Decodable {
      let version: Int
    }
    struct Contents: Decodable {
      let cipher, ciphertext, kdf, mac: String
      let cipherparams: CipherParameters
      let kdfparams: DerivationParameters
    }
    struct CipherParameters: Decodable {
      let iv: String
    }
    struct DerivationParameters: Decodable {
      let dklen: Int
      let salt: String
      let n, r, p, c: Int?
      let prf: String?
    }
    enum CodingKeys: String, CodingKey {
      case address, crypto
      case capitalizedCrypto = "Crypto"
    }

    let address: String?
    let contents: Contents

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      address = try container.decodeIfPresent(String.self, forKey: .address)
      // Some early tools spell the key with a capital letter.
      contents = try container.decode(
        Contents.self, forKey: container.contains(.crypto) ? .crypto : .capitalizedCrypto)
    }
  }
}
