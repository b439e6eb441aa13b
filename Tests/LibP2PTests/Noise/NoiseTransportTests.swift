import Crypto
import NIOCore
import Testing

@testable import LibP2P

@Suite("Noise transport")
struct NoiseTransportTests {
  private static func session() throws -> NoiseSession {
    NoiseSession(
      remoteKey: try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32)).publicKey, muxer: nil,
      handshakeHash: [],
      sendingKey: SymmetricKey(data: [UInt8](repeating: 2, count: 32)),
      receivingKey: SymmetricKey(data: [UInt8](repeating: 3, count: 32)))
  }

  private func seal(_ bytes: [UInt8], _ transport: inout NoiseTransport) throws -> [UInt8] {
    var plaintext = ByteBuffer(bytes: bytes)
    var wire = ByteBuffer()
    try transport.seal(&plaintext, into: &wire)
    #expect(plaintext.readableBytes == 0)
    return [UInt8](buffer: wire)
  }

  @Test("What swift-crypto opens is what was sealed, and the other way round")
  func independentCipher() throws {
    let session = try Self.session()
    var transport = NoiseTransport(session)
    var generator = SeededGenerator(seed: 10)
    for counter in UInt64(0)..<20 {
      let plaintext = generator.bytes(Int.random(in: 1...300, using: &generator))
      let wire = try seal(plaintext, &transport)
      let nonce = [0, 0, 0, 0] + withUnsafeBytes(of: counter.littleEndian) { Array($0) }
      let box = try ChaChaPoly.SealedBox(combined: nonce + wire.dropFirst(2))
      #expect(try Array(ChaChaPoly.open(box, using: session.sendingKey)) == plaintext)

      let foreign = try ChaChaPoly.seal(plaintext, using: session.receivingKey, nonce: .init(data: nonce))
      let body = foreign.ciphertext + foreign.tag
      var opened = ByteBuffer()
      try transport.open(
        ByteBuffer(bytes: [UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body), into: &opened)
      #expect([UInt8](buffer: opened) == plaintext)
    }
  }

  @Test("Any amount comes out the same however the wire is cut")
  func fragmentation() throws {
    var generator = SeededGenerator(seed: 11)
    let session = try Self.session()
    var sender = NoiseTransport(session)
    var receiver = NoiseTransport(session.mirrored)
    for _ in 0..<60 {
      let plaintext = generator.bytes(
        [0, 1, 100, NoiseTransport.recordLength, NoiseTransport.recordLength + 1, 100_000].randomElement(
          using: &generator) ?? 0)
      let wire = try seal(plaintext, &sender)
      #expect(wire.count == NoiseTransport.sealedLength(of: plaintext.count))
      var rest = wire[...]
      var opened = ByteBuffer()
      while !rest.isEmpty {
        let count = min(
          rest.count,
          Int.random(in: 1...[3, 50, 70_000].randomElement(using: &generator)!, using: &generator))
        try receiver.open(ByteBuffer(bytes: rest.prefix(count)), into: &opened)
        rest = rest.dropFirst(count)
      }
      #expect([UInt8](buffer: opened) == plaintext)
    }
  }

  @Test("Messages of the longest kind that others send are opened")
  func longest() throws {
    let session = try Self.session()
    var receiver = NoiseTransport(session.mirrored)
    let plaintext = [UInt8](repeating: 7, count: NoiseTransport.maximumPlaintextLength)
    let box = try ChaChaPoly.seal(
      plaintext, using: session.sendingKey, nonce: .init(data: [UInt8](repeating: 0, count: 12)))
    var opened = ByteBuffer()
    try receiver.open(ByteBuffer(bytes: [0xff, 0xff] + box.ciphertext + box.tag), into: &opened)
    #expect([UInt8](buffer: opened) == plaintext)
  }

  @Test("S1 a changed, repeated, skipped or short message ends the channel for good")
  func tampering() throws {
    let session = try Self.session()
    var sender = NoiseTransport(session)
    let (first, second) = try (seal([1, 2, 3], &sender), seal([4, 5, 6], &sender))
    var changed = first
    changed[4] ^= 1
    for (bytes, code) in [
      (changed, "noise.decryption"), (first + first, "noise.decryption"), (second, "noise.decryption"),
      ([0, 15] + [UInt8](repeating: 0, count: 15), "noise.malformed"), ([0, 0], "noise.malformed"),
    ] {
      var receiver = NoiseTransport(session.mirrored)
      var opened = ByteBuffer()
      for next in [bytes, first] {
        do {
          try receiver.open(ByteBuffer(bytes: next), into: &opened)
          Issue.record("opened \(bytes)")
        } catch {
          #expect(error.code == code)
        }
      }
      #expect([UInt8](buffer: opened) == (bytes == first + first ? [1, 2, 3] : []))
    }
  }

  @Test("S1 the last nonce is never used, for sealing or for opening")
  func exhaustion() throws {
    let session = try Self.session()
    var sender = NoiseTransport(session, counter: .max - 1)
    var receiver = NoiseTransport(session.mirrored, counter: .max - 1)
    let last = try seal([1], &sender)
    var opened = ByteBuffer()
    try receiver.open(ByteBuffer(bytes: last), into: &opened)
    #expect([UInt8](buffer: opened) == [1])
    do {
      _ = try seal([2], &sender)
      Issue.record("sealed with the last nonce")
    } catch let error as NoiseError {
      #expect(error.kind == .nonceExhausted)
    }
    do {
      try receiver.open(ByteBuffer(bytes: last), into: &opened)
      Issue.record("opened with the last nonce")
    } catch {
      #expect(error.kind == .nonceExhausted)
    }
  }
}
