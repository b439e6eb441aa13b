import NIOCore

/// What makes a TCP connection a secure, multiplexed one: multistream, Noise, and multistream again for the muxer
/// unless the handshake chose it (mesh-wire.md §1.1, subnet-wire.md §1.1). A value without I/O and without time.
struct ConnectionUpgrade: ~Copyable {
  /// The only muxer spoken; mplex and others are refused.
  static let muxer = "/yamux/1.0.0"

  /// What to do after some bytes arrived.
  enum Action {
    case wait
    case send(ByteBuffer)
    /// Send `answer`; the connection stands, and ``takeTransport()`` gives its cipher. `early` is plaintext that
    /// came along.
    case established(PeerID, security: String, answer: ByteBuffer, early: ByteBuffer)
  }

  private enum Phase {
    case dialingSecurity(NegotiationDialer)
    case choosingSecurity(NegotiationListener)
    case handshake(NoiseHandshake)
    case dialingMuxer(NegotiationDialer)
    case choosingMuxer(NegotiationListener)
    case over
  }

  private let role: NoiseHandshake.Role
  private let identity: NoiseIdentity
  private let expected: PeerID?
  private let security: [String]
  private var phase: Phase
  private var chosen = ""
  private var peer: PeerID?
  /// The key that the handshake proved.
  private(set) var peerKey: PublicKey?
  private var transport: NoiseTransport?

  /// - Parameters:
  ///   - security: ids of Noise, best first.
  ///   - expected: whom to reach; nil takes anybody.
  init(
    _ role: NoiseHandshake.Role, identity: NoiseIdentity, security: [String],
    expecting expected: PeerID? = nil
  ) throws(NegotiationError) {
    self.role = role
    self.identity = identity
    self.expected = expected
    self.security = security
    phase =
      role == .initiator
      ? .dialingSecurity(try NegotiationDialer(proposals: security))
      : .choosingSecurity(NegotiationListener())
  }

  /// What to send first; empty for the listener.
  func start() -> ByteBuffer {
    if case .dialingSecurity(let dialer) = phase { dialer.start() } else { ByteBuffer() }
  }

  /// Changes with every phase, so that each can have its deadline.
  var phaseNumber: Int {
    switch phase {
    case .dialingSecurity, .choosingSecurity: 0
    case .handshake: 1
    case .dialingMuxer, .choosingMuxer: 2
    case .over: 3
    }
  }

  /// Takes what the other side sent.
  ///
  /// - Throws: ``NegotiationError`` or ``NoiseError``; the connection is of no more use then.
  mutating func receive(_ bytes: ByteBuffer) throws -> Action {
    switch phase {
    case .dialingSecurity(var dialer):
      let action = try dialer.receive(bytes)
      phase = .dialingSecurity(dialer)
      switch action {
      case .wait: return .wait
      case .send(let proposal): return .send(proposal)
      case .selected(let name, let rest):
        let first = beginHandshake(name)
        return try receive(rest, after: first)
      }
    case .choosingSecurity(var listener):
      let action = try listener.receive(bytes, isSupported: security.contains)
      phase = .choosingSecurity(listener)
      switch action {
      case .wait: return .wait
      case .send(let answer): return .send(answer)
      case .selected(let name, let answer, let rest):
        _ = beginHandshake(name)
        return try receive(rest, after: answer)
      }
    case .handshake(var handshake):
      let action = try handshake.receive(bytes)
      phase = .handshake(handshake)
      switch action {
      case .wait: return .wait
      case .send(let message): return .send(message)
      case .established(let session, let answer, let rest):
        return try beginChannel(session, answer: answer, rest: rest)
      }
    case .dialingMuxer, .choosingMuxer: return try negotiateMuxer(open(bytes))
    case .over: return .wait
    }
  }

  /// The cipher of the established connection; once.
  mutating func takeTransport() -> NoiseTransport? { transport.take() }

  // MARK: Handshake

  private mutating func beginHandshake(_ name: String) -> ByteBuffer {
    chosen = name
    var handshake = NoiseHandshake(role, identity: identity, expecting: expected)
    let first = handshake.start()
    phase = .handshake(handshake)
    return first
  }

  /// Goes on with bytes that came along, and puts `first` before the answer to them.
  private mutating func receive(_ rest: ByteBuffer, after first: ByteBuffer) throws -> Action {
    guard rest.readableBytes > 0 else { return first.readableBytes > 0 ? .send(first) : .wait }
    func behind(_ bytes: ByteBuffer) -> ByteBuffer {
      var both = first
      both.writeImmutableBuffer(bytes)
      return both
    }
    return switch try receive(rest) {
    case .wait: first.readableBytes > 0 ? .send(first) : .wait
    case .send(let bytes): .send(behind(bytes))
    case .established(let peer, let security, let answer, let early):
      .established(peer, security: security, answer: behind(answer), early: early)
    }
  }

  // MARK: Muxer

  private mutating func beginChannel(
    _ session: NoiseSession, answer: ByteBuffer, rest: ByteBuffer
  ) throws -> Action {
    transport = NoiseTransport(session)
    peer = session.remotePeer
    peerKey = session.remoteKey
    if session.muxer == Self.muxer {
      phase = .over
      let early = try open(rest)
      return .established(session.remotePeer, security: chosen, answer: answer, early: early)
    }
    guard role == .initiator else {
      phase = .choosingMuxer(NegotiationListener())
      return try receive(rest, after: answer)
    }
    let dialer = try NegotiationDialer(proposals: [Self.muxer])
    phase = .dialingMuxer(dialer)
    var message = answer
    message.writeImmutableBuffer(try seal(dialer.start()))
    return try receive(rest, after: message)
  }

  private mutating func negotiateMuxer(_ plaintext: ByteBuffer) throws -> Action {
    guard plaintext.readableBytes > 0 else { return .wait }
    switch phase {
    case .dialingMuxer(var dialer):
      let action = try dialer.receive(plaintext)
      phase = .dialingMuxer(dialer)
      switch action {
      case .wait: return .wait
      case .send(let proposal): return .send(try seal(proposal))
      case .selected(_, let rest): return try established(answer: ByteBuffer(), early: rest)
      }
    case .choosingMuxer(var listener):
      let action = try listener.receive(plaintext, isSupported: { $0 == Self.muxer })
      phase = .choosingMuxer(listener)
      switch action {
      case .wait: return .wait
      case .send(let answer): return .send(try seal(answer))
      case .selected(_, let answer, let rest): return try established(answer: seal(answer), early: rest)
      }
    default: return .wait
    }
  }

  private mutating func established(answer: ByteBuffer, early: ByteBuffer) throws -> Action {
    phase = .over
    guard let peer else { return .wait }
    return .established(peer, security: chosen, answer: answer, early: early)
  }

  private mutating func seal(_ plaintext: ByteBuffer) throws(NoiseError) -> ByteBuffer {
    var (plaintext, wire) = (plaintext, ByteBuffer())
    try transport?.seal(&plaintext, into: &wire)
    return wire
  }

  private mutating func open(_ bytes: ByteBuffer) throws(NoiseError) -> ByteBuffer {
    var plaintext = ByteBuffer()
    try transport?.open(bytes, into: &plaintext)
    return plaintext
  }
}
