import Foundation

/// The secret of an account in a file.
///
/// Three forms are read; each has to be a regular file that belongs to the effective user and that
/// nobody else may access:
/// - ``Form/plain``: 64 hexadecimal digits, for services that start without a person present.
/// - ``Form/encrypted``: JSON sealed with a passphrase (`SealedKey` tells its fields).
/// - ``Form/web3``: the "Web3 Secret Storage" JSON, version 3, that Ethereum tools write. Read only.
///
/// Key derivation takes about half a second and up to 256 MiB: keep it off event loops.
public struct KeyFile: Sendable, Hashable {
  /// How the secret stands in the file.
  public enum Form: String, Sendable, CaseIterable {
    case plain
    case encrypted
    case web3
  }

  /// Where the file is.
  public let path: String

  /// How the secret stands in it.
  public let form: Form

  /// The account of the key; nil only for a ``Form/web3`` file that does not name it. Unless the
  /// form is plain it is what the file claims, which ``load(path:passphrase:)`` checks.
  public let accountID: AccountID?

  /// What is in the file at `path`, without a passphrase.
  ///
  /// - Throws: ``KeyFileError``.
  public static func inspect(_ path: String) throws -> KeyFile {
    try Contents(path: path).file
  }

  /// The key in the file at `path`.
  ///
  /// - Parameter passphrase: Asked, once, if the file is sealed; it is given what ``inspect(_:)`` would
  ///   tell. What it throws is passed on.
  /// - Throws: ``KeyFileError``.
  public static func load(
    path: String, passphrase: (KeyFile) throws -> String
  ) throws -> AccountKey {
    let contents = try Contents(path: path)
    switch contents {
    case .plain(let key, _): return key
    case .sealed(let sealed, let file): return try sealed.open(passphrase: passphrase(file), path: path)
    case .web3(let keystore, let file): return try keystore.open(passphrase: passphrase(file), path: path)
    }
  }

  /// Writes `key` to a new file that only the effective user can access.
  ///
  /// The file appears whole and synced to disk or not at all, also when the process is killed or the
  /// machine loses power. A kill can leave a hidden `.validatord-*.tmp` file with the same protection
  /// beside it, which may be deleted.
  ///
  /// - Parameter passphrase: Seals the file; nil writes the plain form.
  /// - Throws: ``KeyFileError``: `keyfile.exists` if anything is at `path`, `keyfile.passphrase.unfit`
  ///   for an empty or overlong passphrase, `keyfile.unwritable`.
  @discardableResult
  public static func write(_ key: AccountKey, to path: String, passphrase: String?) throws -> KeyFile {
    try write(key, to: path, passphrase: passphrase, scrypt: .standard)
  }

  @discardableResult
  static func write(
    _ key: AccountKey, to path: String, passphrase: String?, scrypt: ScryptParameters
  ) throws -> KeyFile {
    var contents: [UInt8]
    if let passphrase {
      contents = try SealedKey(key, passphrase: passphrase, scrypt: scrypt, path: path).json()
    } else {
      contents = key.secret.withUnsafeBytes { Hexadecimal.digits($0) }
    }
    defer { contents.wipe() }
    contents.append(UInt8(ascii: "\n"))
    try PrivateFile.create(path, contents: contents)
    return KeyFile(path: path, form: passphrase == nil ? .plain : .encrypted, accountID: key.accountID)
  }

  /// A file read and understood, but not decrypted.
  private enum Contents {
    case plain(AccountKey, KeyFile)
    case sealed(SealedKey, KeyFile)
    case web3(Web3Keystore, KeyFile)

    var file: KeyFile {
      switch self {
      case .plain(_, let file), .sealed(_, let file), .web3(_, let file): file
      }
    }

    init(path: String) throws {
      var bytes = try PrivateFile.read(path)
      defer { bytes.wipe() }
      let text = bytes.trimmingASCIIWhitespace()
      guard text.first == UInt8(ascii: "{") else {
        let key = try Contents.plainKey(text, path: path)
        self = .plain(key, KeyFile(path: path, form: .plain, accountID: key.accountID))
        return
      }
      if let sealed = try SealedKey(json: bytes, path: path) {
        self = .sealed(sealed, KeyFile(path: path, form: .encrypted, accountID: sealed.accountID))
      } else if let keystore = try Web3Keystore(json: bytes, path: path) {
        self = .web3(keystore, KeyFile(path: path, form: .web3, accountID: keystore.accountID))
      } else {
        throw KeyFileError(.form, path, "is JSON, but neither of the known forms")
      }
    }

    private static func plainKey(_ text: ArraySlice<UInt8>, path: String) throws -> AccountKey {
      let digits = text.starts(with: "0x".utf8) ? text.dropFirst(2) : text
      guard digits.count == 2 * Secp256k1.secretLength, var secret = Hexadecimal.bytes(digits) else {
        throw KeyFileError(.form, path, "is neither 64 hexadecimal digits nor JSON")
      }
      defer { secret.wipe() }
      do {
        return try AccountKey(secret: secret)
      } catch {
        throw KeyFileError(.damaged, path, "holds a number that is no secret of secp256k1")
      }
    }
  }
}

extension [UInt8] {
  fileprivate func trimmingASCIIWhitespace() -> ArraySlice<UInt8> {
    let isWhitespace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
    let head = drop(while: isWhitespace)
    return head.prefix(head.lastIndex { !isWhitespace($0) }.map { $0 - head.startIndex + 1 } ?? 0)
  }
}
