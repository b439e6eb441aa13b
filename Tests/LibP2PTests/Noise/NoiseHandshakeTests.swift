import Crypto
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import LibP2P

@Suite("Noise handshake")
struct NoiseHandshakeTests {
  private static let muxer = "/yamux/1.0.0"

  /// Runs two handshakes against each other until both are done.
  static func run(
    _ initiator: NoiseIdentity, _ responder: NoiseIdentity, expecting peer: PeerID? = nil
  ) throws -> (initiator: NoiseSession, responder: NoiseSession) {
    var left = HandshakeRun(NoiseHandshake(.initiator, identity: initiator, expecting: peer))
    var right = HandshakeRun(NoiseHandshake(.responder, identity: responder))
    try right.receive(left.sent)
    let first = left.sent.count
    try left.receive(right.sent)
    try right.receive(left.sent.dropFirst(first))
    return try (#require(left.session), #require(right.session))
  }

  private func code(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? any LibP2PError)?.code
    }
  }

  @Test("Every pair of key types meets and agrees", arguments: KeyType.allCases, KeyType.allCases)
  func keyTypes(_ left: KeyType, _ right: KeyType) throws {
    let (leftKey, rightKey) = try (PrivateKey.generate(left), PrivateKey.generate(right))
    let sessions = try Self.run(
      NoiseIdentity(leftKey, muxers: [Self.muxer]), NoiseIdentity(rightKey, muxers: [Self.muxer]),
      expecting: rightKey.peerID)
    #expect(
      sessions.initiator.remotePeer == rightKey.peerID && sessions.responder.remotePeer == leftKey.peerID)
    #expect(sessions.initiator.sendingKey == sessions.responder.receivingKey)
    #expect(sessions.initiator.receivingKey == sessions.responder.sendingKey)
    #expect(sessions.initiator.handshakeHash == sessions.responder.handshakeHash)
    #expect(sessions.initiator.muxer == Self.muxer && sessions.responder.muxer == Self.muxer)
  }

  @Test("RSA of 8192 bits, the largest identity, fits the handshake")
  func largestIdentity() throws {
    let length = NoiseHandshake.maximumMessageLength
    // Message 2: two keys, a tag, and the payload with key, signature, muxers and another tag.
    #expect(32 + 48 + PublicKey.maximumEncodedLength + 1_024 + 16 + 512 <= length)
  }

  @Test("The initiator's order chooses the muxer; without a common one it is left to negotiation")
  func muxers() throws {
    let key = try PrivateKey.generate(.ed25519)
    for (left, right, expected) in [
      (["/a", "/b"], ["/b", "/a"], "/a"), (["/a"], ["/b"], nil), ([], ["/a"], nil), (["/a"], [], nil),
    ] as [([String], [String], String?)] {
      let sessions = try Self.run(NoiseIdentity(key, muxers: left), NoiseIdentity(key, muxers: right))
      #expect(sessions.initiator.muxer == expected && sessions.responder.muxer == expected)
    }
  }

  @Test("S1 another peer than the one dialed is refused before this side shows itself")
  func peerMismatch() throws {
    let identity = try NoiseIdentity(.generate(.ed25519), muxers: [])
    let other = try PrivateKey.generate(.ed25519).peerID
    var left = HandshakeRun(NoiseHandshake(.initiator, identity: identity, expecting: other))
    var right = HandshakeRun(NoiseHandshake(.responder, identity: identity))
    try right.receive(left.sent)
    let before = left.sent
    #expect(code { try left.receive(right.sent) } == "noise.peer-mismatch")
    #expect(left.sent == before && left.session == nil)
  }

  @Test("S1 an initiator that is not the expected one is refused too")
  func responderMismatch() throws {
    let identity = try NoiseIdentity(.generate(.ed25519), muxers: [])
    let other = try PrivateKey.generate(.ed25519).peerID
    var left = HandshakeRun(NoiseHandshake(.initiator, identity: identity))
    var right = HandshakeRun(NoiseHandshake(.responder, identity: identity, expecting: other))
    try right.receive(left.sent)
    let first = left.sent.count
    try left.receive(right.sent)
    #expect(code { try right.receive(left.sent.dropFirst(first)) } == "noise.peer-mismatch")
  }

  /// Points whose product with any key is zero (RFC 7748 §6.1; the list of Bernstein's "curve25519" page).
  static let lowOrderPoints: [Hex] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ]

  @Test("S1 ephemeral keys of low order are refused in both roles", arguments: lowOrderPoints)
  func lowOrderEphemeral(_ point: Hex) throws {
    let identity = try NoiseIdentity(.generate(.ed25519), muxers: [])
    var responder = HandshakeRun(NoiseHandshake(.responder, identity: identity))
    #expect(code { try responder.receive([0, 32] + point.bytes) } == "noise.low-order")
    var initiator = HandshakeRun(NoiseHandshake(.initiator, identity: identity))
    let answer = [0, 200] + point.bytes + [UInt8](repeating: 0, count: 168)
    #expect(code { try initiator.receive(answer) } == "noise.low-order")
  }

  @Test("S1 any changed bit of messages 2 and 3 ends the handshake")
  func changedBits() throws {
    let vector = try #require(try NoiseVectors.subnet().first)
    for position in stride(from: 2, to: vector.msg2FramedHex.bytes.count, by: 3) {
      var run = HandshakeRun(try vector.initiator.handshake(.initiator))
      var message = vector.msg2FramedHex.bytes
      message[position] ^= 0x10
      #expect(throws: NoiseError.self, "byte \(position)") { try run.receive(message) }
      #expect(run.session == nil)
    }
    for position in stride(from: 2, to: vector.msg3FramedHex.bytes.count, by: 3) {
      var run = HandshakeRun(try vector.responder.handshake(.responder))
      try run.receive(vector.msg1FramedHex.bytes)
      var message = vector.msg3FramedHex.bytes
      message[position] ^= 0x10
      #expect(code { try run.receive(message) } == "noise.decryption", "byte \(position)")
    }
  }

  @Test("Early data beside message 1 enters the transcript and is ignored")
  func earlyData() throws {
    let vector = try #require(try NoiseVectors.subnet().first)
    var run = HandshakeRun(try vector.responder.handshake(.responder))
    let message = Array(vector.msg1FramedHex.bytes.dropFirst(2)) + Array("early".utf8)
    try run.receive([0, UInt8(message.count)] + message)
    #expect(run.session == nil && !run.sent.isEmpty && run.sent != vector.msg2FramedHex.bytes)
    // An initiator that did not send the early data sees the changed transcript.
    var initiator = HandshakeRun(try vector.initiator.handshake(.initiator))
    #expect(code { try initiator.receive(run.sent) } == "noise.decryption")
  }

  @Test("Messages that are too long, too short or out of turn are refused")
  func badFraming() throws {
    let vector = try #require(try NoiseVectors.subnet().first)
    let limit = NoiseHandshake.maximumMessageLength + 1
    for bytes in [
      [UInt8(limit >> 8), UInt8(limit & 0xff)], [0xff, 0xff], [0, 0],
      [0, 31] + [UInt8](repeating: 9, count: 31),
    ] {
      var run = HandshakeRun(try vector.responder.handshake(.responder))
      #expect(code { try run.receive(bytes) } == "noise.malformed")
      #expect(code { try run.receive(vector.msg1FramedHex.bytes) } == "noise.out-of-order")
    }
    var eager = HandshakeRun(try vector.responder.handshake(.responder))
    #expect(code { try eager.receive(vector.msg1FramedHex.bytes + [1]) } == "noise.out-of-order")
    for count in [0, 47, 48, 63] {
      var run = HandshakeRun(try vector.responder.handshake(.responder))
      try run.receive(vector.msg1FramedHex.bytes)
      let message = vector.msg3FramedHex.bytes.dropFirst(2).prefix(count)
      #expect(throws: NoiseError.self) { try run.receive([0, UInt8(count)] + message) }
    }
  }

  @Test("A handshake message after the end is refused")
  func late() throws {
    let vector = try #require(try NoiseVectors.subnet().first)
    var handshake = try vector.initiator.handshake(.initiator)
    _ = handshake.start()
    guard case .established = try handshake.receive(ByteBuffer(bytes: vector.msg2FramedHex.bytes)) else {
      Issue.record("not established")
      return
    }
    let error = #expect(throws: NoiseError.self) {
      try handshake.receive(ByteBuffer(bytes: vector.msg2FramedHex.bytes))
    }
    #expect(error?.kind == .outOfOrder)
  }

  @Test("S1 an identity that did not sign the static key, or can't be read, is refused")
  func payloads() throws {
    let (key, other) = try (PrivateKey.generate(.ed25519), PrivateKey.generate(.secp256k1))
    let staticKey = Curve25519.KeyAgreement.PrivateKey().publicKey
    let signed = NoiseIdentity.signaturePrefix + staticKey.rawRepresentation
    func payload(_ key: [UInt8], _ signature: [UInt8], extra: [UInt8] = []) throws -> [UInt8] {
      var message = PBNoiseHandshakePayload()
      message.identityKey = Data(key)
      message.identitySig = Data(signature)
      return try message.serializedBytes() + extra
    }
    func code(_ payload: [UInt8]) -> String? {
      do {
        _ = try NoiseRemoteIdentity(payload: payload, staticKey: staticKey)
        return nil
      } catch {
        return error.code
      }
    }
    let good = try key.sign(signed)
    #expect(code(try payload(key.publicKey.protobuf, good)) == nil)
    // Fields and extensions that nobody here knows don't matter.
    #expect(
      code(
        try payload(key.publicKey.protobuf, good, extra: [0x52, 0x01, 0x00, 0x22, 0x03, 0x1a, 0x01, 0x61]))
        == nil)
    #expect(code(try payload(other.publicKey.protobuf, good)) == "noise.signature")
    #expect(code(try payload(key.publicKey.protobuf, try other.sign(signed))) == "noise.signature")
    #expect(
      code(try payload(key.publicKey.protobuf, try key.sign(Array(signed.dropFirst())))) == "noise.signature")
    #expect(code(try payload(key.publicKey.protobuf, [])) == "noise.signature")
    #expect(code(try payload([], good)) == "noise.payload")
    #expect(code(try payload([0x08, 0x01, 0x12, 0x00], good)) == "noise.payload")
    #expect(code([]) == "noise.payload")
    #expect(code([0x0a, 0xff]) == "noise.payload")
  }

  @Test("Random and changed bytes never crash either role")
  func garbage() throws {
    var generator = SeededGenerator(seed: 9)
    let vector = try #require(try NoiseVectors.subnet().first)
    for _ in 0..<300 {
      var left = HandshakeRun(try vector.initiator.handshake(.initiator))
      var right = HandshakeRun(try vector.responder.handshake(.responder))
      var bytes = vector.msg2FramedHex.bytes
      bytes.replaceSubrange(0..<2, with: [0, UInt8.random(in: .min ... .max, using: &generator)])
      _ = try? left.receive(bytes)
      _ = try? right.receive(generator.bytes(Int.random(in: 0...300, using: &generator)))
    }
  }
}
