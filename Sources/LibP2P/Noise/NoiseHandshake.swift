import Crypto
public import NIOCore

/// The handshake Noise_XX_25519_ChaChaPoly_SHA256 with libp2p's payload, in either role (libp2p "noise"
/// specification, mesh-wire.md §1.2, subnet-wire.md §1.2).
///
/// Three messages, each behind a 16-bit length. Until it ends, nothing that the other side said is trusted or kept.
/// The caller sets the deadline.
public struct NoiseHandshake: Sendable {
  /// The id that every libp2p peer proposes Noise under.
  public static let protocolID = "/noise"
  /// The id under which subnet peers propose the same handshake when they check stake behind it.
  public static let proofOfStakeProtocolID = "/pos-transport/1.0.0"

  /// The longest handshake message read. Identity and signature of RSA-8192 take 2.2 kB.
  static let maximumMessageLength = 4_096
  private static let keyLength = 32

  /// Which side of the connection this is.
  public enum Role: Sendable {
    /// The side that dialed.
    case initiator
    /// The side that listens.
    case responder
  }

  /// What to do after some bytes arrived.
  public enum Action: Sendable {
    /// Wait for more bytes.
    case wait
    /// Send these bytes.
    case send(ByteBuffer)
    /// The channel stands: send `answer`, then open `rest`, the beginning of what the other side already sealed.
    case established(NoiseSession, answer: ByteBuffer, rest: ByteBuffer)
  }

  private enum Phase {
    case awaitingMessage1
    case awaitingMessage2
    case awaitingMessage3(remoteEphemeral: Curve25519.KeyAgreement.PublicKey)
    case over
  }

  private let role: Role
  private let identity: NoiseIdentity
  private let expected: PeerID?
  private let ephemeral: Curve25519.KeyAgreement.PrivateKey
  private var symmetric = NoiseSymmetricState()
  private var phase: Phase
  private var buffer = ByteBuffer()

  /// - Parameters:
  ///   - role: which side of the connection this is.
  ///   - identity: what to show the other side.
  ///   - expected: the peer that was dialed; anyone else is refused. Nil takes whoever proves an identity.
  public init(_ role: Role, identity: NoiseIdentity, expecting expected: PeerID? = nil) {
    self.init(role, identity: identity, expecting: expected, ephemeral: .init())
  }

  init(
    _ role: Role, identity: NoiseIdentity, expecting expected: PeerID?,
    ephemeral: Curve25519.KeyAgreement.PrivateKey
  ) {
    self.role = role
    self.identity = identity
    self.expected = expected
    self.ephemeral = ephemeral
    phase = role == .initiator ? .awaitingMessage2 : .awaitingMessage1
  }

  /// What to send first: the initiator's message 1, nothing for the responder. Call it once.
  public mutating func start() -> ByteBuffer {
    guard role == .initiator else { return ByteBuffer() }
    let key = Array(ephemeral.publicKey.rawRepresentation)
    symmetric.mix(hash: key)
    symmetric.mix(hash: [])
    return Self.frame(key)
  }

  /// Takes what the other side sent.
  ///
  /// - Throws: ``NoiseError``; the connection is of no more use then.
  public mutating func receive(_ bytes: ByteBuffer) throws(NoiseError) -> Action {
    if case .over = phase { throw NoiseError(.outOfOrder, "a handshake message comes after the handshake") }
    buffer.writeImmutableBuffer(bytes)
    let current = phase
    // A failure leaves the machine here.
    phase = .over
    guard let message = try nextMessage() else {
      phase = current
      return .wait
    }
    switch current {
    case .awaitingMessage1: return try answerMessage1(message)
    case .awaitingMessage2: return try answerMessage2(message)
    case .awaitingMessage3(let remoteEphemeral): return try finish(message, remoteEphemeral)
    case .over: throw NoiseError(.outOfOrder, "a handshake message comes after the handshake")
    }
  }

  // MARK: Messages

  /// `-> e`
  private mutating func answerMessage1(_ message: [UInt8]) throws(NoiseError) -> Action {
    guard buffer.readableBytes == 0 else {
      throw NoiseError(.outOfOrder, "the initiator goes on before it was answered")
    }
    var message = message[...]
    let remoteEphemeral = try Self.takeKey(&message)
    symmetric.mix(hash: Array(remoteEphemeral.rawRepresentation))
    // Nobody protects what comes along here: it enters the transcript and is not looked at.
    symmetric.mix(hash: Array(message))

    // `<- e, ee, s, es`
    let key = Array(ephemeral.publicKey.rawRepresentation)
    symmetric.mix(hash: key)
    symmetric.mix(key: try Self.agree(ephemeral, remoteEphemeral))
    let sealedKey = try symmetric.seal(Array(identity.staticKey.publicKey.rawRepresentation))
    symmetric.mix(key: try Self.agree(identity.staticKey, remoteEphemeral))
    let answer = Self.frame(key + sealedKey + (try symmetric.seal(identity.payload)))
    phase = .awaitingMessage3(remoteEphemeral: remoteEphemeral)
    return .send(answer)
  }

  /// `<- e, ee, s, es`
  private mutating func answerMessage2(_ message: [UInt8]) throws(NoiseError) -> Action {
    var message = message[...]
    let remoteEphemeral = try Self.takeKey(&message)
    symmetric.mix(hash: Array(remoteEphemeral.rawRepresentation))
    symmetric.mix(key: try Self.agree(ephemeral, remoteEphemeral))
    let remoteStatic = try takeStaticKey(&message)
    symmetric.mix(key: try Self.agree(ephemeral, remoteStatic))
    let remote = try authenticate(message, remoteStatic)

    // `-> s, se`
    let sealedKey = try symmetric.seal(Array(identity.staticKey.publicKey.rawRepresentation))
    symmetric.mix(key: try Self.agree(identity.staticKey, remoteEphemeral))
    let answer = Self.frame(sealedKey + (try symmetric.seal(identity.payload)))
    return established(remote, answer: answer)
  }

  /// `-> s, se`
  private mutating func finish(
    _ message: [UInt8], _ remoteEphemeral: Curve25519.KeyAgreement.PublicKey
  ) throws(NoiseError) -> Action {
    var message = message[...]
    let remoteStatic = try takeStaticKey(&message)
    symmetric.mix(key: try Self.agree(ephemeral, remoteStatic))
    return established(try authenticate(message, remoteStatic), answer: ByteBuffer())
  }

  private mutating func established(_ remote: NoiseRemoteIdentity, answer: ByteBuffer) -> Action {
    let keys = symmetric.split()
    let offers = role == .initiator ? (identity.muxers, remote.muxers) : (remote.muxers, identity.muxers)
    let session = NoiseSession(
      remoteKey: remote.publicKey,
      // The initiator's order decides.
      muxer: offers.0.first(where: offers.1.contains),
      handshakeHash: symmetric.hash,
      sendingKey: role == .initiator ? keys.initiator : keys.responder,
      receivingKey: role == .initiator ? keys.responder : keys.initiator)
    defer { buffer = ByteBuffer() }
    return .established(session, answer: answer, rest: buffer)
  }

  // MARK: Parts of messages

  /// The sealed static key that a message begins with.
  private mutating func takeStaticKey(
    _ message: inout ArraySlice<UInt8>
  ) throws(NoiseError) -> Curve25519.KeyAgreement.PublicKey {
    let sealed = Array(message.prefix(Self.keyLength + ChaCha20Poly1305.tagLength))
    message = message.dropFirst(sealed.count)
    var key = try symmetric.open(sealed)[...]
    return try Self.takeKey(&key)
  }

  private mutating func authenticate(
    _ payload: ArraySlice<UInt8>, _ staticKey: Curve25519.KeyAgreement.PublicKey
  ) throws(NoiseError) -> NoiseRemoteIdentity {
    let remote = try NoiseRemoteIdentity(payload: symmetric.open(Array(payload)), staticKey: staticKey)
    let peer = PeerID(remote.publicKey)
    guard expected == nil || expected == peer else {
      throw NoiseError(.peerMismatch, "dialed \(expected?.description ?? "") and reached \(peer)")
    }
    return remote
  }

  private static func takeKey(
    _ message: inout ArraySlice<UInt8>
  ) throws(NoiseError) -> Curve25519.KeyAgreement.PublicKey {
    guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: message.prefix(keyLength))
    else {
      throw NoiseError(.malformed, "a handshake message is too short for its key")
    }
    message = message.dropFirst(keyLength)
    return key
  }

  private static func agree(
    _ key: Curve25519.KeyAgreement.PrivateKey, _ other: Curve25519.KeyAgreement.PublicKey
  ) throws(NoiseError) -> SharedSecret {
    guard let secret = try? key.sharedSecretFromKeyAgreement(with: other),
      secret.withUnsafeBytes({ !$0.allSatisfy { $0 == 0 } })
    else {
      throw NoiseError(.lowOrder, "the peer's key is a point of low order")
    }
    return secret
  }

  // MARK: Framing

  private mutating func nextMessage() throws(NoiseError) -> [UInt8]? {
    guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self).map(Int.init) else {
      return nil
    }
    guard length <= Self.maximumMessageLength else {
      throw NoiseError(
        .malformed, "a handshake message of \(length) bytes exceeds \(Self.maximumMessageLength)")
    }
    guard buffer.readableBytes >= 2 + length else { return nil }
    buffer.moveReaderIndex(forwardBy: 2)
    return buffer.readBytes(length: length)
  }

  private static func frame(_ message: [UInt8]) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeInteger(UInt16(truncatingIfNeeded: message.count))
    frame.writeBytes(message)
    return frame
  }
}
