import NIOCore
import Testing

@testable import LibP2P

@Suite("Connection upgrade")
struct ConnectionUpgradeTests {
  /// One end of an upgrade, and what it came to.
  private struct End: ~Copyable {
    var upgrade: ConnectionUpgrade
    var outbox: [UInt8]
    var outcome: (peer: PeerID, security: String)?
    var early: [UInt8] = []

    init(_ upgrade: consuming ConnectionUpgrade) {
      outbox = Array(upgrade.start().readableBytesView)
      self.upgrade = upgrade
    }

    mutating func take(_ bytes: [UInt8]) throws {
      switch try upgrade.receive(ByteBuffer(bytes: bytes)) {
      case .wait: break
      case .send(let answer): outbox += answer.readableBytesView
      case .established(let peer, let security, let answer, let early):
        outbox += answer.readableBytesView
        outcome = (peer, security)
        self.early += early.readableBytesView
      }
    }
  }

  private let dialerKey: PrivateKey
  private let listenerKey: PrivateKey

  init() throws {
    dialerKey = try PrivateKey.generate(.ed25519)
    listenerKey = try PrivateKey.generate(.secp256k1)
  }

  private func end(
    _ role: NoiseHandshake.Role, earlyMuxer: Bool = true, security: [String] = ["/noise", "/pos-transport/1.0.0"],
    expecting: PeerID? = nil
  ) throws -> End {
    let key = role == .initiator ? dialerKey : listenerKey
    return End(
      try ConnectionUpgrade(
        role, identity: NoiseIdentity(key, muxers: earlyMuxer ? [ConnectionUpgrade.muxer] : []),
        security: security, expecting: expecting))
  }

  /// Carries bytes between the ends, `portion` at a time, until nobody has anything to say.
  private func run(_ left: inout End, _ right: inout End, portion: Int = .max) throws {
    while !left.outbox.isEmpty || !right.outbox.isEmpty {
      let toRight = Array(left.outbox.prefix(portion))
      left.outbox.removeFirst(toRight.count)
      if !toRight.isEmpty { try right.take(toRight) }
      let toLeft = Array(right.outbox.prefix(portion))
      right.outbox.removeFirst(toLeft.count)
      if !toLeft.isEmpty { try left.take(toLeft) }
    }
  }

  @Test(
    "Both ends learn who the other is, in any portions, wherever the muxer is chosen",
    arguments: [1, 7, .max], [(true, true), (true, false), (false, false)])
  func portions(portion: Int, earlyMuxer: (Bool, Bool)) throws {
    var dialer = try end(.initiator, earlyMuxer: earlyMuxer.0, expecting: listenerKey.peerID)
    var listener = try end(.responder, earlyMuxer: earlyMuxer.1)
    try run(&dialer, &listener, portion: portion)
    #expect(dialer.outcome?.peer == listenerKey.peerID)
    #expect(listener.outcome?.peer == dialerKey.peerID)
    #expect(dialer.outcome?.security == "/noise")
  }

  @Test("A dialer waits for two answers before it may call, and for three when the muxer comes after the handshake")
  func roundTrips() throws {
    for (earlyMuxer, expected) in [(true, 2), (false, 3)] {
      var dialer = try end(.initiator, earlyMuxer: earlyMuxer)
      var listener = try end(.responder, earlyMuxer: earlyMuxer)
      var answers = 0
      while dialer.outcome == nil {
        try listener.take(dialer.outbox)
        dialer.outbox = []
        answers += 1
        try dialer.take(listener.outbox)
        listener.outbox = []
      }
      #expect(answers == expected)
      // The handshake's last message waits to go out, together with the first call.
      #expect(earlyMuxer == !dialer.outbox.isEmpty)
    }
  }

  @Test("A refused security id is followed by the next one")
  func fallThrough() throws {
    var dialer = try end(.initiator, security: ["/pos-transport/1.0.0", "/noise"])
    var listener = try end(.responder, security: ["/noise"])
    try run(&dialer, &listener)
    #expect(dialer.outcome?.security == "/noise")
    #expect(listener.outcome?.security == "/noise")
  }

  @Test("Without a common security id the dialer fails")
  func noCommonSecurity() throws {
    var dialer = try end(.initiator, security: ["/noise"])
    var listener = try end(.responder, security: ["/pos-transport/1.0.0"])
    #expect(performing: { try run(&dialer, &listener) }, throws: code("negotiation.unsupported"))
  }

  @Test("What the dialer says behind its last message is handed on, opened")
  func earlyData() throws {
    var dialer = try end(.initiator)
    var listener = try end(.responder)
    while dialer.outcome == nil {
      try listener.take(dialer.outbox)
      dialer.outbox = []
      try dialer.take(listener.outbox)
      listener.outbox = []
    }
    guard var transport = dialer.upgrade.takeTransport() else {
      Issue.record("there is no cipher")
      return
    }
    var (plaintext, sealed) = (ByteBuffer(string: "first frames"), ByteBuffer())
    try transport.seal(&plaintext, into: &sealed)
    try listener.take(dialer.outbox + Array(sealed.readableBytesView))
    #expect(listener.early == Array("first frames".utf8))
  }

  @Test("mplex is not spoken")
  func otherMuxer() throws {
    var listener = try end(.responder, earlyMuxer: false)
    var handshake = NoiseHandshake(.initiator, identity: try NoiseIdentity(dialerKey, muxers: []))
    func exchange(_ bytes: [UInt8]) throws -> ByteBuffer {
      try listener.take(bytes)
      defer { listener.outbox = [] }
      return ByteBuffer(bytes: listener.outbox)
    }
    _ = try exchange(Multistream.line(Multistream.header) + Multistream.line("/noise"))
    let message2 = try exchange(Array(handshake.start().readableBytesView))
    guard case .established(let session, let message3, _) = try handshake.receive(message2) else {
      Issue.record("the handshake did not end")
      return
    }
    var transport = NoiseTransport(session)
    var proposal = ByteBuffer(
      bytes: Multistream.line(Multistream.header) + Multistream.line("/mplex/6.7.0"))
    var wire = message3
    try transport.seal(&proposal, into: &wire)
    var answer = ByteBuffer()
    try transport.open(try exchange(Array(wire.readableBytesView)), into: &answer)
    #expect(
      Array(answer.readableBytesView) == Multistream.line(Multistream.header) + Multistream.line("na"))
    #expect(listener.outcome == nil)
  }

  @Test("Damaged bytes at any place end the upgrade with an error or leave it waiting; nothing is established wrongly")
  func damage() throws {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      var dialer = try end(.initiator, expecting: listenerKey.peerID)
      var listener = try end(.responder)
      do {
        for _ in 0..<6 {
          if var bytes = Optional(dialer.outbox), !bytes.isEmpty {
            bytes[.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            dialer.outbox = []
            try listener.take(bytes)
          }
          try dialer.take(listener.outbox)
          listener.outbox = []
        }
      } catch {
        #expect(error is any LibP2PError)
      }
      #expect(listener.outcome == nil)
    }
  }
}
