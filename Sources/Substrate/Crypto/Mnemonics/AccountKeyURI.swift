extension AccountKey {
  /// Derives the key of a secret URI: a phrase, optionally a path, and optionally `///` and a
  /// passphrase, as in `word … word/m/44'/60'/0'/0/1///passphrase`.
  ///
  /// Gives the account that substrate-interface gives for the same text and ECDSA keys. It puts the
  /// passphrase into the seed as it is written, where ``Mnemonic/accountKey(at:passphrase:)`` follows
  /// BIP-39 and normalizes it; that differs for letters with accents only. Without a path the key at
  /// ``DerivationPath/ethereum`` is meant. The public development phrase that substrate tools add to
  /// a URI without words is not added here.
  ///
  /// - Throws: ``MnemonicError`` for a damaged phrase or path.
  public static func derived(fromURI uri: String) throws -> AccountKey {
    // By bytes: as characters, a slash and an accent after it are one.
    let bytes = uri.utf8
    let passphraseMark = bytes.firstRange(of: "///".utf8)
    let location = bytes[..<(passphraseMark?.lowerBound ?? bytes.endIndex)]
    let passphrase = passphraseMark.map { Array(bytes[$0.upperBound...]) } ?? []
    let pathMark = location.firstIndex(of: UInt8(ascii: "/"))
    let path = try pathMark.map { try DerivationPath(String(Substring(location[$0...].dropFirst()))) }
    return try Mnemonic(String(Substring(location[..<(pathMark ?? location.endIndex)])))
      .accountKey(at: path ?? .ethereum, passphrase: passphrase)
  }
}
