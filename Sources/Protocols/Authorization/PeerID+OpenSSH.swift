public import LibP2P

extension PeerID {
  private static let ownerPrefix = "[owner:"

  /// The peer that holds the key of an OpenSSH text, RSA or Ed25519, as access tokens name it (mesh-wire.md §3.2).
  ///
  /// - Throws: ``Refusal`` `auth.key`.
  public init(openSSH text: String) throws(Refusal) {
    guard let key = try? PublicKey(openSSH: text) else {
      throw Refusal(.key, "\(text.quotedForLog()) is no public key of a peer")
    }
    self.init(key)
  }

  /// The peer that owns a record of the DHT: the one whose key stands in the subkey's `[owner:…]` (mesh-wire.md §5.5).
  ///
  /// - Throws: ``Refusal`` `auth.key` if there is none, or more than one.
  public init(ownerSubkey subkey: String) throws(Refusal) {
    let parts = subkey.split(separator: Self.ownerPrefix, omittingEmptySubsequences: false)
    guard parts.count == 2, let key = parts.last?.split(separator: "]", omittingEmptySubsequences: false).first else {
      throw Refusal(.key, "\(subkey.quotedForLog()) does not name one owner")
    }
    try self.init(openSSH: String(key))
  }
}
