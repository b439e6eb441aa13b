public import Foundation
public import LibP2P
import Synchronization

/// Signs this node's messages in the mesh's way: with its identity, the time and fresh nonces
/// (mesh-wire.md §3.3 to §3.6).
public final class MessageSigner: Sendable {
  /// Seconds that an access token lasts.
  static let tokenLifetime = 60.0
  /// Seconds for which the same token goes into further messages. A peer can't tell, and a token costs as much as the
  /// message's own signature.
  static let tokenReuse = 10.0
  /// Bytes of a nonce.
  static let nonceLength = 8

  /// This node's key.
  public let key: PublicKey
  private let identity: PrivateKey
  private let rsa: RSAPSSKey?
  private let openSSH: String
  private let clock: @Sendable () -> Double
  private let random: @Sendable (Int) -> [UInt8]
  private let latest = Mutex<(token: AccessToken, issued: Double)?>(nil)

  /// - Parameters:
  ///   - identity: Ed25519, or RSA of 2048 to 8192 bits.
  ///   - clock: Unix seconds.
  ///   - random: so many unpredictable bytes; the system's if nil.
  /// - Throws: ``Refusal`` `auth.key` for another kind of key.
  public init(
    _ identity: PrivateKey, clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 },
    random: (@Sendable (Int) -> [UInt8])? = nil
  ) throws(Refusal) {
    key = identity.publicKey
    guard let openSSH = key.openSSH else {
      throw Refusal(.key, "messages of the mesh can't be signed with a \(key.type.name) key")
    }
    rsa = identity.rsaDER.flatMap(RSAPSSKey.init(privateDER:))
    self.identity = identity
    self.openSSH = openSSH
    self.clock = clock
    self.random =
      random ?? { count in
        var random = SystemRandomNumberGenerator()
        return random.bytes(count)
      }
  }

  /// Unix seconds.
  var now: Double { clock() }

  /// Bytes that nobody can foresee.
  func nonce() -> Data { Data(random(Self.nonceLength)) }

  /// Base64 of the signature: RFC 8032 for Ed25519, PSS with the longest salt for RSA.
  ///
  /// - Throws: ``Refusal`` `auth.key` if the key can't sign.
  func signature(for message: [UInt8]) throws(Refusal) -> Data {
    let signature = key.type == .rsa ? rsa?.signature(for: message) : try? identity.sign(message)
    guard let signature else { throw Refusal(.key, "the key of this node can't sign") }
    return Data(signature).base64EncodedData()
  }

  /// A token that goes into a message now.
  ///
  /// - Throws: ``Refusal`` `auth.key` if the key can't sign.
  func token() throws(Refusal) -> AccessToken {
    let now = now
    let known = latest.withLock { latest in
      latest.flatMap { (0...Self.tokenReuse).contains(now - $0.issued) ? $0.token : nil }
    }
    if let known { return known }
    var token = AccessToken()
    token.publicKey = Data(openSSH.utf8)
    token.expirationTime = PythonDatetime.text(now + Self.tokenLifetime)
    token.signature = try signature(for: token.signedBytes)
    latest.withLock { $0 = (token, now) }
    return token
  }
}
