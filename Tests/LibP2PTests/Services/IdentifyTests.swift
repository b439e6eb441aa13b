import NIOCore
import SwiftProtobuf
import Testing

@testable import LibP2P

@Suite("identify")
struct IdentifyTests {
  private struct Recorded: Decodable {
    struct Stream: Decodable {
      let implementation: String
      let peer: String
      let streamHex: Hex
    }
    let streams: [Stream]
  }

  private struct Envelopes: Decodable {
    struct Envelope: Decodable {
      let label: String
      let envelopeHex: Hex
    }
    let envelopes: [Envelope]
  }

  /// Who signed the recorded envelopes: the published key "alith".
  private static let signer = "12D3KooWMwW1VqH7uWtUc5UGoyMJp1dG26Nkosc6RkRJ7RNiW6Cb"

  private static func read(_ stream: [UInt8], from peer: PeerID, piece: Int = .max) throws -> IdentifyMessage {
    var reader = IdentifyReader(from: peer)
    var rest = stream[...]
    while !rest.isEmpty {
      try reader.receive(ByteBuffer(bytes: rest.prefix(piece)))
      rest = rest.dropFirst(piece)
    }
    return try reader.finish()
  }

  @Test("What go-libp2p and py-libp2p say is read, in any pieces, and their signed records are sound")
  func recorded() throws {
    for stream in try Vectors.load("mesh/identify.json", as: Recorded.self).streams {
      let peer = try PeerID(stream.peer)
      for piece in [1, 100, 10_000] {
        let message = try Self.read(stream.streamHex.bytes, from: peer, piece: piece)
        #expect(message.publicKey.map { PeerID($0) } == peer)
        #expect(["p2pd/0.1", "py-libp2p/0.8.1"].contains(message.agentVersion))
        #expect(message.protocols.contains("/ipfs/id/1.0.0") && message.protocols.contains("/ipfs/ping/1.0.0"))
        #expect(message.listenAddresses.count == 1 && message.listenAddresses[0].scope == .loopback)
        #expect(message.observedAddress?.scope == .loopback)
        #expect(message.recordError == nil)
        #expect(message.record?.addresses == message.listenAddresses)
      }
    }
  }

  @Test("What is written reads back")
  func roundTrip() throws {
    let key = try PrivateKey.generate(.rsa).publicKey
    var message = IdentifyMessage()
    message.publicKey = key
    message.listenAddresses = [try Multiaddr("/ip4/192.0.2.1/tcp/1"), try Multiaddr("/dns4/a.b/tcp/2")]
    message.protocols = ["/ipfs/ping/1.0.0", "DHTProtocol.rpc_ping"]
    message.observedAddress = try Multiaddr("/ip4/192.0.2.2/tcp/3")
    message.protocolVersion = "ipfs/0.1.0"
    message.agentVersion = "validatord/1"
    #expect(try IdentifyMessage(body: message.body, from: PeerID(key)) == message)
  }

  @Test("Another peer's key is refused; without a key the connection's peer stands")
  func otherKey() throws {
    var message = IdentifyMessage()
    message.publicKey = try PrivateKey.generate(.ed25519).publicKey
    let peer = try PeerID(Self.signer)
    let error = #expect(throws: IdentifyError.self) { try IdentifyMessage(body: message.body, from: peer) }
    #expect(error?.kind == .peerMismatch)
    #expect(try IdentifyMessage(body: [], from: peer).publicKey == nil)
  }

  @Test("Addresses of other peers and unknown kinds are left out; the peer's own id at the end is cut off")
  func addresses() throws {
    let peer = try PeerID(Self.signer)
    let other = try PrivateKey.generate(.ed25519).peerID
    var message = PBIdentify()
    message.listenAddrs = try [
      Multiaddr("/ip4/192.0.2.1/tcp/1").withPeer(peer).bytes, Multiaddr("/ip4/192.0.2.1/tcp/1").bytes,
      Multiaddr("/ip4/192.0.2.1/tcp/2").withPeer(other).bytes, Multiaddr("/p2p/\(peer)").bytes, [0xd1, 0x03], [0xff],
      [],
    ].map { .init($0) }
    let read = try IdentifyMessage(body: message.encoded, from: peer)
    #expect(read.listenAddresses == [try Multiaddr("/ip4/192.0.2.1/tcp/1")])
  }

  @Test("Numbers and lengths of what is kept are bounded")
  func bounds() throws {
    let peer = try PeerID(Self.signer)
    var message = PBIdentify()
    message.listenAddrs = try (0..<300).map { .init(try Multiaddr("/ip4/192.0.2.1/tcp/\($0)").bytes) }
    message.protocols = (0..<500).map { "/\($0)" }
    message.agentVersion = String(repeating: "a", count: 1_000)
    let read = try IdentifyMessage(body: message.encoded, from: peer)
    #expect(read.listenAddresses.count == IdentifyMessage.maximumAddresses)
    #expect(read.protocols.count == IdentifyMessage.maximumProtocols)
    #expect(read.agentVersion.count == IdentifyMessage.maximumVersionLength)
  }

  @Test("Identify DoS: oversized, endless and unreadable streams are refused as they come")
  func hostileStreams() throws {
    let peer = try PeerID(Self.signer)
    for bytes in [
      Varint.encode(8_193), [UInt8](repeating: 0xff, count: 12), [0x01, 0xff], [0x02, 0x0a, 0x05],
      // Eleven empty messages, and two that are too long together.
      [UInt8](repeating: 0, count: 11),
      [UInt8](buffer: FrameDecoder.frame([0x32, 0xa0, 0x1f] + [UInt8](repeating: 0x61, count: 4_000)))
        + [UInt8](buffer: FrameDecoder.frame([0x32, 0xb8, 0x20] + [UInt8](repeating: 0x61, count: 4_192))),
    ] {
      #expect(throws: IdentifyError.self) { try Self.read(bytes, from: peer) }
    }
    let error = #expect(throws: IdentifyError.self) { try Self.read([], from: peer) }
    #expect(error?.kind == .missing)
    #expect(throws: IdentifyError.self) { try Self.read([0x05, 0x0a], from: peer) }
  }

  @Test("A message that a peer splits is read as one, as go-libp2p sends it")
  func split() throws {
    let stream = try #require(try Vectors.load("mesh/identify.json", as: Recorded.self).streams.first)
    let peer = try PeerID(stream.peer)
    var frames = FrameDecoder(maximumLength: IdentifyMessage.maximumLength)
    frames.append(ByteBuffer(bytes: stream.streamHex.bytes))
    let frame = try frames.next()
    let body = [UInt8](buffer: try #require(frame))
    // The record is the last field; its tag and length stand before it.
    let record = try PBIdentify(serializedBytes: body).signedPeerRecord
    let cut = body.count - record.count - 3
    let parts = [body.prefix(cut), body.dropFirst(cut)].flatMap { [UInt8](buffer: FrameDecoder.frame($0)) }
    let message = try Self.read(parts, from: peer)
    #expect(message == (try Self.read(stream.streamHex.bytes, from: peer)) && message.record != nil)
  }

  @Test("Peer records of py-libp2p 0.6, py-libp2p 0.8 and go-libp2p are opened")
  func envelopes() throws {
    let envelopes = try Vectors.load("subnet/envelope.json", as: Envelopes.self).envelopes
    #expect(envelopes.count == 2)
    for envelope in envelopes {
      let record = try SignedPeerRecord(envelope: envelope.envelopeHex.bytes, expecting: PeerID(Self.signer))
      #expect(record.addresses == [try Multiaddr("/ip4/127.0.0.1/tcp/38961")], "\(envelope.label)")
      #expect(record.sequence > 0)
    }
  }

  @Test("RUSTSEC-2022-0009 a sound record of another peer is refused, and so is a changed one")
  func foreignRecord() throws {
    let envelope = try #require(try Vectors.load("subnet/envelope.json", as: Envelopes.self).envelopes.last)
    let bytes = envelope.envelopeHex.bytes
    let other = try PrivateKey.generate(.ed25519).peerID
    let error = #expect(throws: IdentifyError.self) { try SignedPeerRecord(envelope: bytes, expecting: other) }
    #expect(error?.kind == .peerMismatch)
    for position in bytes.indices {
      var changed = bytes
      changed[position] ^= 0x01
      #expect(throws: IdentifyError.self, "byte \(position)") {
        try SignedPeerRecord(envelope: changed, expecting: PeerID(Self.signer))
      }
    }
  }

  @Test("An unsound record is left out and named; the rest of the message stands")
  func unsoundRecord() throws {
    let envelope = try #require(try Vectors.load("subnet/envelope.json", as: Envelopes.self).envelopes.last)
    var message = PBIdentify()
    message.agentVersion = "x"
    message.signedPeerRecord = .init(envelope.envelopeHex.bytes)
    let read = try IdentifyMessage(body: message.encoded, from: PrivateKey.generate(.ed25519).peerID)
    #expect(read.record == nil && read.recordError?.kind == .peerMismatch && read.agentVersion == "x")
  }

  @Test("CVE-2026-55407 fields that no schema names are not kept")
  func unknownFields() throws {
    let unknown = (0..<500).flatMap { _ in [0xfa, 0x01, 0x01, 0x00] as [UInt8] }
    let message = try PBIdentify(serializedBytes: unknown, options: .bounded)
    #expect(message.unknownFields.data.isEmpty)
    #expect(try message.serializedBytes() == [UInt8]())
  }
}
