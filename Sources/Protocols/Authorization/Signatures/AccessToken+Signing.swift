extension AccessToken {
  /// What the token's signature is over: Python's text of its fields, the key as a bytes literal
  /// (mesh-wire.md §3.4). Right for keys in OpenSSH text, which has nothing to escape.
  var signedBytes: [UInt8] {
    Array("\(username) b'\(String(decoding: publicKey, as: UTF8.self))' \(expirationTime)".utf8)
  }
}
