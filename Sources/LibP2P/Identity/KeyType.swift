/// The kinds of identity keys that peers use here. The raw value is libp2p's number on the wire.
///
/// ECDSA (3) is named by the specification and refused: no peer of a Hypertensor subnet can use it
/// (subnet-wire.md §2).
public enum KeyType: Int, Sendable, CaseIterable {
  case rsa = 0
  case ed25519 = 1
  case secp256k1 = 2

  /// The name in commands and messages.
  public var name: String {
    switch self {
    case .rsa: "rsa"
    case .ed25519: "ed25519"
    case .secp256k1: "secp256k1"
    }
  }
}
