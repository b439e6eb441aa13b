import Crypto
import Fuzzing
import NIOCore

@testable import LibP2P

/// Handshake messages, payloads and sealed messages of a hostile peer. The first byte chooses. Nothing that was not
/// sealed may come out, and cutting the bytes must not change what does.
@main
struct FuzzNoise: FuzzTarget {
  private let identity: NoiseIdentity
  private let session: NoiseSession
  private let staticKey = Curve25519.KeyAgreement.PrivateKey().publicKey

  init() throws {
    identity = try NoiseIdentity(PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32)), muxers: ["/yamux/1.0.0"])
    session = NoiseSession(
      remoteKey: try PrivateKey(ed25519Seed: [UInt8](repeating: 2, count: 32)).publicKey, muxer: nil,
      handshakeHash: [], sendingKey: SymmetricKey(data: [UInt8](repeating: 3, count: 32)),
      receivingKey: SymmetricKey(data: [UInt8](repeating: 3, count: 32)))
  }

  func seeds() throws -> [[UInt8]] {
    let noise = "subnet/noise.json"
    let first = try Vectors.hex("msg1_framed_hex", in: noise).map { Array("r".utf8) + $0 }
    let second = try Vectors.hex("msg2_framed_hex", in: noise).map { Array("i".utf8) + $0 }
    let payloads = try
      (Vectors.hex("payload_hex", in: noise) + Vectors.hex("payload", in: "mesh/noise_yamux_captures.json"))
      .map { Array("p".utf8) + $0 }
    var sender = NoiseTransport(session)
    var sealed = ByteBuffer()
    for text in ["a", "hello", String(repeating: "x", count: 500)] {
      var plaintext = ByteBuffer(string: text)
      try sender.seal(&plaintext, into: &sealed)
    }
    return first + second + payloads + [Array("t".utf8) + sealed.readableBytesView]
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map({ Unicode.Scalar($0) }) {
    case "r": receive(NoiseHandshake(.responder, identity: identity), bytes)
    case "i": receive(NoiseHandshake(.initiator, identity: identity), bytes)
    case "p": _ = try? NoiseRemoteIdentity(payload: bytes, staticKey: staticKey)
    case "t":
      let whole = open(bytes, piece: bytes.count)
      promise(whole.plaintext == open(bytes, piece: 1).plaintext, "cutting changes what is opened")
      promise(whole.plaintext.count <= bytes.count, "more comes out than went in")
    default: break
    }
  }

  private func receive(_ handshake: NoiseHandshake, _ bytes: [UInt8]) {
    var handshake = handshake
    _ = handshake.start()
    for piece in [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)] {
      guard let action = try? handshake.receive(ByteBuffer(bytes: piece)) else { return }
      if case .established = action { promise(false, "a channel stands that nobody shook hands for") }
    }
  }

  private func open(_ bytes: [UInt8], piece: Int) -> (plaintext: [UInt8], error: NoiseError?) {
    var transport = NoiseTransport(session)
    var plaintext = ByteBuffer()
    var rest = bytes[...]
    while !rest.isEmpty {
      do {
        try transport.open(ByteBuffer(bytes: rest.prefix(max(piece, 1))), into: &plaintext)
      } catch {
        return ([UInt8](buffer: plaintext), error)
      }
      rest = rest.dropFirst(max(piece, 1))
    }
    return ([UInt8](buffer: plaintext), nil)
  }
}
