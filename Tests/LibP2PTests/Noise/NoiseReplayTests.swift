import NIOCore
import Testing

@testable import LibP2P

@Suite("Noise against recorded handshakes")
struct NoiseReplayTests {
  @Test("py-libp2p's handshakes come out bit for bit in both roles, one byte at a time or at once")
  func subnet() throws {
    for vector in try NoiseVectors.subnet() {
      let (first, second, third) = (
        vector.msg1FramedHex.bytes, vector.msg2FramedHex.bytes, vector.msg3FramedHex.bytes
      )
      for isByByte in [false, true] {
        let responderPeer = try PeerID(vector.responder.identityPeerId)
        var initiator = HandshakeRun(try vector.initiator.handshake(.initiator, expecting: responderPeer))
        var responder = HandshakeRun(try vector.responder.handshake(.responder))
        let pieces = { (bytes: [UInt8]) in isByByte ? bytes.map { [$0] } : [bytes] }
        for piece in pieces(second) { try initiator.receive(piece) }
        for piece in pieces(first) + pieces(third) { try responder.receive(piece) }
        #expect(initiator.sent == first + third, "\(vector.name)")
        #expect(responder.sent == second, "\(vector.name)")
        try check(initiator.session, vector, sends: vector.initiatorToResponderKeyHex, peer: vector.responder)
        try check(responder.session, vector, sends: vector.responderToInitiatorKeyHex, peer: vector.initiator)
      }
    }
  }

  private func check(
    _ session: NoiseSession?, _ vector: NoiseVectors.Subnet.Handshake, sends key: Hex,
    peer: NoiseVectors.Subnet.Side
  ) throws {
    let session = try #require(session)
    #expect(session.handshakeHash == vector.handshakeHashHex.bytes)
    #expect(session.sendingKey.bytes == key.bytes)
    #expect(session.remotePeer.description == peer.identityPeerId)
    #expect(session.muxer == nil)
    let side = peer.identityPeerId == vector.responder.identityPeerId ? "initiator" : "responder"
    var sender = NoiseTransport(session)
    var receiver = NoiseTransport(session.mirrored)
    for message in vector.transport where message.from == side {
      var opened = ByteBuffer()
      try receiver.open(ByteBuffer(bytes: message.framedHex.bytes), into: &opened)
      #expect([UInt8](buffer: opened) == message.plaintextHex.bytes)
      // An empty message is something to read, never something to send.
      guard !message.plaintextHex.bytes.isEmpty else { continue }
      var plaintext = ByteBuffer(bytes: message.plaintextHex.bytes)
      var wire = ByteBuffer()
      try sender.seal(&plaintext, into: &wire)
      #expect([UInt8](buffer: wire) == message.framedHex.bytes)
    }
  }

  @Test("A captured connection that dialed p2pd comes out bit for bit, with the muxer chosen inside")
  func initiatorWithMuxer() throws {
    try replay(NoiseVectors.captures().initiatorEd25519EarlyMuxer, .initiator, muxers: ["/yamux/1.0.0"])
  }

  @Test("A captured connection that dialed p2pd with RSA and no muxer comes out bit for bit")
  func initiatorWithoutMuxer() throws {
    try replay(NoiseVectors.captures().initiatorRsaNoEarlyMuxer, .initiator, muxers: [])
  }

  @Test("A captured connection that p2pd dialed comes out bit for bit")
  func responder() throws {
    try replay(NoiseVectors.captures().responderEd25519EarlyMuxer, .responder, muxers: ["/yamux/1.0.0"])
  }

  private func replay(_ capture: NoiseVectors.Capture, _ role: NoiseHandshake.Role, muxers: [String]) throws {
    let remote = try KeyVectors.meshKey(capture.remoteIdentity).peerID
    let (incoming, outgoing) = (capture.secured(isOut: false), capture.secured(isOut: true).flatMap(\.self))
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<20 {
      var run = HandshakeRun(try capture.handshake(role, muxers: muxers, expecting: remote))
      for segment in incoming {
        let cut = Int.random(in: 0...segment.count, using: &generator)
        try run.receive(segment.prefix(cut))
        try run.receive(segment.dropFirst(cut))
      }
      let session = try #require(run.session)
      #expect(session.handshakeHash == capture.secrets.handshakeHash.bytes)
      #expect(session.remotePeer == remote)
      #expect(session.muxer == muxers.first)
      let sending =
        role == .initiator ? capture.secrets.initiatorToResponderKey : capture.secrets.responderToInitiatorKey
      #expect(session.sendingKey.bytes == sending.bytes)
      #expect(outgoing.starts(with: run.sent))

      var transport = NoiseTransport(session)
      var opened = ByteBuffer()
      try transport.open(ByteBuffer(bytes: run.rest), into: &opened)
      #expect(opened.readableBytes > 0)
      #expect(
        try reseal(Array(outgoing.dropFirst(run.sent.count)), session)
          == Array(outgoing.dropFirst(run.sent.count)))
    }
  }

  /// Opens what our side sent, message by message, and seals it again.
  private func reseal(_ sent: [UInt8], _ session: NoiseSession) throws -> [UInt8] {
    var receiver = NoiseTransport(session.mirrored)
    var sender = NoiseTransport(session)
    var rest = ByteBuffer(bytes: sent)
    var wire = ByteBuffer()
    while let length = rest.getInteger(at: rest.readerIndex, as: UInt16.self) {
      var plaintext = ByteBuffer()
      let message = rest.readSlice(length: 2 + Int(length))
      try receiver.open(#require(message), into: &plaintext)
      try sender.seal(&plaintext, into: &wire)
    }
    return [UInt8](buffer: wire)
  }
}
