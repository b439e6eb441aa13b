import Crypto
import NIOCore
import Testing

@testable import LibP2P

@Suite("Plaintext in pieces")
struct PlaintextPiecesTests {
  /// The same frames and bodies to both; bodies on either side of the length from which they are not copied.
  private static func fill(
    _ pieces: inout PlaintextPieces, _ whole: inout ByteBuffer, _ generator: inout SeededGenerator
  ) {
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let length = [0, 1, 12, 1023, 1024, 1025, 20_000, 65_440].randomElement(using: &generator) ?? 0
      let frame = YamuxFrame(.data, stream: .random(in: 0...9, using: &generator), length: UInt32(length))
      let body = ByteBuffer(bytes: generator.bytes(length))
      pieces.append(frame)
      whole.append(frame)
      pieces.append(body: body)
      whole.append(body: body)
    }
  }

  @Test("What is read from the front is what was appended, however much is taken at a time")
  func order() {
    var generator = SeededGenerator(seed: 20)
    var pieces = PlaintextPieces()
    for _ in 0..<200 {
      var (whole, read) = (ByteBuffer(), ByteBuffer())
      Self.fill(&pieces, &whole, &generator)
      while pieces.readableBytes > 0 {
        let limit = Int.random(in: 1...30_000, using: &generator)
        let front = pieces.read(upTo: limit)
        #expect((1...limit).contains(front.readableBytes))
        read.append(body: front)
        #expect(read.readableBytes + pieces.readableBytes == whole.readableBytes)
        guard front.readableBytes > 0 else { return }
      }
      #expect(read == whole)
      #expect(pieces.read(upTo: 1).readableBytes == 0)
      // Every other round goes on behind what was read.
      if Bool.random(using: &generator) { pieces.clear() }
    }
  }

  @Test("Sealed pieces are, byte by byte, the messages of swift-crypto")
  func sealed() throws {
    let key = SymmetricKey(data: [UInt8](repeating: 2, count: 32))
    var transport = NoiseTransport(
      NoiseSession(
        remoteKey: try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32)).publicKey, muxer: nil,
        handshakeHash: [], sendingKey: key, receivingKey: key))
    var generator = SeededGenerator(seed: 21)
    var counter = UInt64(0)
    for _ in 0..<40 {
      var (pieces, whole, wire) = (PlaintextPieces(), ByteBuffer(), ByteBuffer())
      Self.fill(&pieces, &whole, &generator)
      try transport.seal(&pieces, into: &wire)
      while let record = whole.readSlice(length: min(whole.readableBytes, NoiseTransport.recordLength)),
        record.readableBytes > 0
      {
        let nonce = [0, 0, 0, 0] + withUnsafeBytes(of: counter.littleEndian) { Array($0) }
        let box = try ChaChaPoly.seal(Array(buffer: record), using: key, nonce: .init(data: nonce))
        #expect(wire.readInteger(as: UInt16.self) == UInt16(record.readableBytes + 16))
        #expect(wire.readBytes(length: record.readableBytes + 16) == Array(box.ciphertext + box.tag))
        counter += 1
      }
      #expect(wire.readableBytes == 0)
    }
  }
}
