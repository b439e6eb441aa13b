import NIOCore
import NIOPosix

@testable import LibP2P

/// A peer that says on the wire whatever a test wants: raw bytes, or Yamux frames inside a real secure channel.
actor RawPeer {
  private let channel: any Channel
  private let input: AsyncStream<ByteBuffer>
  private var transport: NoiseTransport?
  private var early = ByteBuffer()

  private init(_ channel: any Channel, _ input: AsyncStream<ByteBuffer>) {
    self.channel = channel
    self.input = input
  }

  /// Connects and stays silent.
  ///
  /// - Parameter source: the loopback address to come from, such as 127.0.0.2.
  static func connect(to host: P2PHost, from source: String? = nil) async throws -> RawPeer {
    guard let address = host.listenAddresses.first?.tcpEndpoint?.socketAddress else {
      throw HostError(.noAddress, "the host does not listen")
    }
    let (input, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(continuation))
        }
      }
    if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0)) }
    return RawPeer(try await bootstrap.connect(to: address).get(), input)
  }

  /// Connects and makes a secure channel, as an honest dialer does.
  static func secured(
    with host: P2PHost, key: PrivateKey? = nil, from source: String? = nil
  ) async throws -> RawPeer {
    let peer = try await connect(to: host, from: source)
    try await peer.secure(try key ?? PrivateKey.generate(.ed25519))
    return peer
  }

  /// Connects, ends the handshake and says no word about a muxer.
  static func withoutMuxer(with host: P2PHost) async throws -> RawPeer {
    let peer = try await connect(to: host)
    try await peer.secure(try PrivateKey.generate(.ed25519), muxers: [])
    return peer
  }

  private func secure(_ key: PrivateKey, muxers: [String] = [ConnectionUpgrade.muxer]) async throws {
    var upgrade = try ConnectionUpgrade(
      .initiator, identity: NoiseIdentity(key, muxers: muxers), security: ["/noise"])
    send(upgrade.start())
    while transport == nil {
      guard let bytes = await next() else {
        throw HostError(.connectionLost, "the host closed the connection")
      }
      switch try upgrade.receive(bytes) {
      case .wait: break
      case .send(var answer):
        guard muxers.isEmpty, upgrade.phaseNumber == 2, let length = answer.getInteger(at: 0, as: UInt16.self) else {
          send(answer)
          continue
        }
        // The proposal behind the handshake's last message is kept back.
        return send(answer.readSlice(length: 2 + Int(length)) ?? ByteBuffer())
      case .established(_, _, let answer, let early):
        send(answer)
        self.early = early
        transport = upgrade.takeTransport()
      }
    }
  }

  /// Sends bytes as they are.
  func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

  /// Sends frames, sealed.
  func send(_ frames: [WireFrame]) {
    var plaintext = ByteBuffer(bytes: frames.flatMap(\.bytes))
    var sealed = ByteBuffer()
    try? transport?.seal(&plaintext, into: &sealed)
    send(sealed)
  }

  /// Stops or goes on taking bytes from the socket.
  func setReading(_ isReading: Bool) async throws {
    try await channel.setOption(.autoRead, value: isReading).get()
  }

  /// The next frames that arrive, as whole as they came; nil when the connection has ended.
  func frames() async -> [WireFrame]? {
    guard let bytes = await next() else { return nil }
    var plaintext = early
    early = ByteBuffer()
    try? transport?.open(bytes, into: &plaintext)
    return WireFrame.parse(Array(plaintext.readableBytesView))
  }

  private func next() async -> ByteBuffer? {
    // The stream keeps its place; an iterator is only a view of it.
    var iterator = input.makeAsyncIterator()
    return await iterator.next()
  }

  /// Waits until the host closes the connection, dropping what arrives.
  func closed() async { while await next() != nil {} }

  /// The first bytes that arrive, unopened.
  func bytes() async -> ByteBuffer? { await next() }

  /// Whether the connection stands.
  var isOpen: Bool { channel.isActive }

  /// Ends the connection.
  func close() async { try? await channel.close().get() }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<ByteBuffer>.Continuation

    init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
