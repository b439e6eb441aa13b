import LibP2P
import NIOCore

/// The bound of every secure stream: what one core seals and opens.
enum Cipher {
  private static let portion = 1 << 20
  private static let portions = 512

  static func measure() throws -> [String: Double] {
    let sessions = try sessions()
    var sender = NoiseTransport(sessions.initiator)
    var receiver = NoiseTransport(sessions.responder)
    let plaintext = ByteBuffer(repeating: 7, count: portion)
    var (sealing, opening) = (0.0, 0.0)
    var (wire, opened) = (ByteBuffer(), ByteBuffer())
    for _ in 0..<portions {
      var input = plaintext
      wire.clear()
      opened.clear()
      let start = NIODeadline.now()
      try sender.seal(&input, into: &wire)
      let middle = NIODeadline.now()
      try receiver.open(wire, into: &opened)
      sealing += Double((middle - start).nanoseconds)
      opening += Double((NIODeadline.now() - middle).nanoseconds)
    }
    guard opened == plaintext else { throw LibP2PPeers.Failure("the cipher lost something") }
    let bytes = Double(portion * portions) * 1e9
    return ["seal": bytes / sealing, "open": bytes / opening]
  }

  private static func sessions() throws -> (initiator: NoiseSession, responder: NoiseSession) {
    let identity = try NoiseIdentity(PrivateKey.generate(.ed25519), muxers: [])
    var initiator = NoiseHandshake(.initiator, identity: identity)
    var responder = NoiseHandshake(.responder, identity: identity)
    guard case .send(let second) = try responder.receive(initiator.start()),
      case .established(let left, let third, _) = try initiator.receive(second),
      case .established(let right, _, _) = try responder.receive(third)
    else { throw LibP2PPeers.Failure("the handshake did not end") }
    return (left, right)
  }
}
