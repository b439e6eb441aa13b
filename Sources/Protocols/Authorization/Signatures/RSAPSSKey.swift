import COpenSSL

/// An RSA key for PSS with MGF1 and SHA-256, in libcrypto: swift-crypto knows no salt but that of the digest's length
/// (mesh-wire.md §3.3).
final class RSAPSSKey: Sendable {
  /// libcrypto locks what it changes inside a key, so several threads may use one.
  private nonisolated(unsafe) let key: OpaquePointer

  /// Reads a SubjectPublicKeyInfo.
  init?(publicDER der: [UInt8]) {
    defer { ERR_clear_error() }
    let key = der.withUnsafeBufferPointer { der in
      var position = der.baseAddress
      return d2i_PUBKEY(nil, &position, der.count)
    }
    guard let key else { return nil }
    self.key = key
  }

  /// Reads a PKCS#1 private key.
  init?(privateDER der: [UInt8]) {
    defer { ERR_clear_error() }
    let key = der.withUnsafeBufferPointer { der in
      var position = der.baseAddress
      return d2i_PrivateKey(EVP_PKEY_RSA, nil, &position, der.count)
    }
    guard let key else { return nil }
    self.key = key
  }

  deinit { EVP_PKEY_free(key) }

  /// Signs with the longest salt that fits, the only one that old Python peers accept. Nil if libcrypto refuses.
  func signature(for message: [UInt8]) -> [UInt8]? {
    withContext(saltLength: RSA_PSS_SALTLEN_MAX, EVP_DigestSignInit) { context in
      var length = 0
      guard EVP_DigestSign(context, nil, &length, message, message.count) == 1 else { return nil }
      var signature = [UInt8](repeating: 0, count: length)
      guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else { return nil }
      return Array(signature.prefix(length))
    }
  }

  /// Whether the signature is this key's, whatever the length of its salt.
  func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    withContext(saltLength: RSA_PSS_SALTLEN_AUTO, EVP_DigestVerifyInit) { context in
      EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    } ?? false
  }

  private typealias Begin = (
    OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?, OpaquePointer?, OpaquePointer?, OpaquePointer?
  ) -> Int32

  private func withContext<Result>(
    saltLength: Int32, _ begin: Begin, _ body: (OpaquePointer) -> Result?
  ) -> Result? {
    defer { ERR_clear_error() }
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    // Belongs to the digest's context and goes with it.
    var parameters: OpaquePointer?
    guard begin(context, &parameters, EVP_sha256(), nil, key) == 1,
      EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
      EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1,
      EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, saltLength) == 1
    else { return nil }
    return body(context)
  }
}
