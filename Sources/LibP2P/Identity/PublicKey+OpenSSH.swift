import Foundation
import _CryptoExtras

/// The one-line text that the mesh's access tokens carry (mesh-wire.md §3.2).
extension PublicKey {
  /// The longest text read: RSA of 8192 bits in base64, with room for a comment.
  static let maximumOpenSSHLength = 2_048

  /// Type and base64 without comment or newline; nil for secp256k1, which OpenSSH does not know.
  public var openSSH: String? {
    var blob: [UInt8] = []
    let name: String
    if let bytes = ed25519Bytes {
      name = "ssh-ed25519"
      blob = Self.sshString(Array(name.utf8)) + Self.sshString(bytes)
    } else if let (modulus, exponent) = rsaPrimitives {
      name = "ssh-rsa"
      blob = Self.sshString(Array(name.utf8)) + Self.sshInteger(exponent) + Self.sshInteger(modulus)
    } else {
      return nil
    }
    return "\(name) \(Data(blob).base64EncodedString())"
  }

  /// Reads `ssh-ed25519` or `ssh-rsa` text, with or without a comment.
  ///
  /// One key has many such texts: compare keys, never texts.
  ///
  /// - Throws: ``KeyError``: `key.text`, or `key.size` for RSA outside ``rsaBits``.
  public init(openSSH text: String) throws(KeyError) {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || (9...13).contains(byte) }
    let fields =
      text.utf8.count <= Self.maximumOpenSSHLength
      ? text.utf8.split(maxSplits: 3, whereSeparator: isBlank).map { Substring($0) } : []
    guard fields.count >= 2, let blob = Data(base64Encoded: String(fields[1])) else {
      throw KeyError(.text, "not an OpenSSH public key")
    }
    var reader = SSHReader(blob)
    guard let name = reader.next(), name.elementsEqual(fields[0].utf8) else {
      throw KeyError(.text, "the key's type differs from the type before it")
    }
    switch (String(fields[0]), reader.next(), reader.next(), reader.isAtEnd) {
    case ("ssh-ed25519", .some(let bytes), nil, true):
      try self.init(type: .ed25519, data: bytes)
    case ("ssh-rsa", .some(let exponent), .some(let modulus), true):
      guard modulus.count <= Self.maximumEncodedLength,
        let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent)
      else { throw KeyError(.text, "not an RSA key of 2048 bits or more") }
      try self.init(key)
    default:
      throw KeyError(
        .text, "\(String(fields[0]).quotedForLog()) is not a kind of key that peers use, or is cut")
    }
  }

  /// Length and bytes (RFC 4251 §5 `string`).
  private static func sshString(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
  }

  /// A positive integer (RFC 4251 §5 `mpint`): a zero goes before a set top bit.
  private static func sshInteger(_ magnitude: [UInt8]) -> [UInt8] {
    let significant = Array(magnitude.drop { $0 == 0 })
    return sshString((significant.first ?? 0) & 0x80 == 0 ? significant : [0] + significant)
  }
}

/// Reads the length-prefixed fields of an OpenSSH key blob.
private struct SSHReader {
  private var rest: Data

  init(_ blob: Data) {
    rest = blob
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// The next field, or nil if it is cut or there is none.
  mutating func next() -> [UInt8]? {
    guard rest.count >= 4 else { return nil }
    let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    guard rest.count - 4 >= length else { return nil }
    defer { rest = rest.dropFirst(4 + length) }
    return Array(rest.dropFirst(4).prefix(length))
  }
}
