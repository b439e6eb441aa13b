import Crypto
import NIOCore
import Testing

@testable import LibP2P

/// Handshakes that py-libp2p and p2pd took part in, with every key of at least one side.
enum NoiseVectors {
  /// py-libp2p on both sides, deterministic.
  struct Subnet: Decodable {
    struct Side: Decodable {
      let identityPeerId: String
      let identityPublicProtobufHex: Hex
      let identityPrivateDataHex: Hex
      let staticPrivateHex: Hex
      let ephemeralPrivateHex: Hex

      func identity() throws -> NoiseIdentity {
        let type = identityPublicProtobufHex.bytes[1]
        let data = identityPrivateDataHex.bytes
        let file = [0x08, type, 0x12] + Varint.encode(UInt64(data.count)) + data
        return try NoiseIdentity(
          PrivateKey(protobuf: file), muxers: [], staticKey: .init(rawRepresentation: staticPrivateHex.bytes))
      }

      func handshake(_ role: NoiseHandshake.Role, expecting peer: PeerID? = nil) throws -> NoiseHandshake {
        try NoiseHandshake(
          role, identity: identity(), expecting: peer,
          ephemeral: .init(rawRepresentation: ephemeralPrivateHex.bytes))
      }
    }
    struct Message: Decodable {
      let from: String
      let plaintextHex: Hex
      let framedHex: Hex
    }
    struct Handshake: Decodable {
      let name: String
      let initiator: Side
      let responder: Side
      let msg1FramedHex: Hex
      let msg2FramedHex: Hex
      let msg3FramedHex: Hex
      let handshakeHashHex: Hex
      let initiatorToResponderKeyHex: Hex
      let responderToInitiatorKeyHex: Hex
      let transport: [Message]
    }
    let handshakes: [Handshake]
  }

  static func subnet() throws -> [Subnet.Handshake] {
    try Vectors.load("subnet/noise.json", as: Subnet.self).handshakes
  }

  /// One TCP connection between a peer whose secrets are known ("our") and p2pd.
  struct Capture: Decodable {
    struct Secrets: Decodable {
      let staticPrivate: Hex
      let ephemeralPrivate: Hex
      let handshakeHash: Hex
      let initiatorToResponderKey: Hex
      let responderToInitiatorKey: Hex
    }
    struct Segment: Decodable {
      let isOut: Bool
      let bytes: Hex

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        isOut = try container.decode(String.self) == "out"
        bytes = try container.decode(Hex.self)
      }
    }
    let ourIdentity: String
    let remoteIdentity: String
    let secrets: Secrets
    let tcp: [Segment]

    /// What one side said behind the negotiation of the security protocol, as it came.
    func secured(isOut: Bool) -> [[UInt8]] {
      var negotiation = (Multistream.line(Multistream.header) + Multistream.line("/noise")).count
      return tcp.filter { $0.isOut == isOut }.map { segment in
        defer { negotiation -= min(negotiation, segment.bytes.bytes.count) }
        return Array(segment.bytes.bytes.dropFirst(negotiation))
      }
    }

    func handshake(_ role: NoiseHandshake.Role, muxers: [String], expecting peer: PeerID? = nil) throws
      -> NoiseHandshake
    {
      let identity = try NoiseIdentity(
        KeyVectors.meshKey(ourIdentity), muxers: muxers,
        staticKey: .init(rawRepresentation: secrets.staticPrivate.bytes))
      return try NoiseHandshake(
        role, identity: identity, expecting: peer,
        ephemeral: .init(rawRepresentation: secrets.ephemeralPrivate.bytes))
    }
  }

  struct Captures: Decodable {
    let initiatorEd25519EarlyMuxer: Capture
    let initiatorRsaNoEarlyMuxer: Capture
    let responderEd25519EarlyMuxer: Capture
  }

  static func captures() throws -> Captures {
    try Vectors.load("mesh/noise_yamux_captures.json")
  }
}

extension SymmetricKey {
  var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension NoiseSession {
  /// The same channel seen from its other end.
  var mirrored: NoiseSession {
    NoiseSession(
      remoteKey: remoteKey, muxer: muxer, handshakeHash: handshakeHash, sendingKey: receivingKey,
      receivingKey: sendingKey)
  }
}

/// A handshake with its result, fed in pieces.
struct HandshakeRun {
  var handshake: NoiseHandshake
  var sent: [UInt8] = []
  var session: NoiseSession?
  /// What came behind the handshake.
  var rest: [UInt8] = []

  init(_ handshake: NoiseHandshake) {
    self.handshake = handshake
    sent = [UInt8](buffer: self.handshake.start())
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) throws {
    guard session == nil else {
      rest += bytes
      return
    }
    switch try handshake.receive(ByteBuffer(bytes: bytes)) {
    case .wait: break
    case .send(let answer): sent += [UInt8](buffer: answer)
    case .established(let session, let answer, let behind):
      self.session = session
      sent += [UInt8](buffer: answer)
      rest += [UInt8](buffer: behind)
    }
  }
}
