import NIOCore
import NIOEmbedded

@testable import LibP2P

/// A connection whose event loop runs when the test says so, and the wire of its peer. Use it on one thread.
final class EmbeddedConnection {
  let loop = EmbeddedEventLoop()
  let connection: P2PConnection
  private let channel: EmbeddedChannel
  private var peer: NoiseTransport

  init(_ direction: Direction, serving handlers: [String: StreamHandler] = [:]) throws {
    let (left, right) = try (PrivateKey.generate(.ed25519), PrivateKey.generate(.ed25519))
    var dialer = NoiseHandshake(.initiator, identity: try NoiseIdentity(left, muxers: []))
    var listener = NoiseHandshake(.responder, identity: try NoiseIdentity(right, muxers: []))
    guard case .send(let second) = try listener.receive(dialer.start()),
      case .established(let own, let third, _) = try dialer.receive(second),
      case .established(let other, _, _) = try listener.receive(third)
    else { throw HostError(.connectionLost, "the handshake did not end") }
    peer = NoiseTransport(other)
    let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
    let resources = ResourceManager(limits: ResourceLimits())
    connection = P2PConnection(
      id: 1, peer: right.peerID, direction: direction, remoteAddress: address, localAddress: nil, security: "/noise",
      mailbox: ConnectionMailbox(eventLoop: loop), resources: resources, now: loop.now)
    let environment = ConnectionEnvironment(
      resources: resources, timeouts: HostTimeouts(), yamux: YamuxLimits(),
      handler: { handlers[$0].map { PlacedHandler(placement: .eventLoop, serve: $0) } }, report: { _ in })
    let handler = ConnectionHandler(
      connection: connection, environment: environment,
      resources: try resources.connection(direction, remote: address), secure: NoiseTransport(own), now: loop.now)
    channel = EmbeddedChannel(loop: loop)
    channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 4001), promise: nil)
    try channel.pipeline.syncOperations.addHandler(handler)
    handler.begin(early: ByteBuffer(), late: ByteBuffer())
    // Its first PING is out of the way then.
    _ = try sent()
  }

  /// Runs a task on the event loop, as callers and handlers do.
  @discardableResult
  func run(_ body: @escaping @Sendable (P2PConnection) async -> Void) -> Task<Void, Never> {
    Task(executorPreference: connection.executor) { [connection] in await body(connection) }
  }

  /// Lets these frames arrive.
  func receive(_ frames: WireFrame...) throws {
    var (plaintext, sealed) = (ByteBuffer(bytes: frames.flatMap(\.bytes)), ByteBuffer())
    try peer.seal(&plaintext, into: &sealed)
    try channel.writeInbound(sealed)
  }

  /// Runs the event loop until it has no more to do.
  ///
  /// - Returns: the frames of each write that went out.
  func sent() throws -> [[WireFrame]] {
    loop.run()
    var writes: [[WireFrame]] = []
    while let sealed = try channel.readOutbound(as: ByteBuffer.self) {
      var plaintext = ByteBuffer()
      try peer.open(sealed, into: &plaintext)
      if plaintext.readableBytes > 0 { writes.append(WireFrame.parse(Array(plaintext.readableBytesView))) }
    }
    return writes
  }
}
