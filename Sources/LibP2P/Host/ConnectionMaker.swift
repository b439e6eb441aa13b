import Atomics
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes secure connections out of sockets, dialed or accepted: limits, gater, upgrade, admission.
struct ConnectionMaker: Sendable {
  /// Socket buffers that NIO fills before it stops asking a connection for more.
  private static let writeBuffer = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)
  /// Reads in a row before other connections get their turn.
  private static let readsInARow = UInt(4)

  let configuration: HostConfiguration
  let identity: NoiseIdentity
  let environment: ConnectionEnvironment
  /// Enters a connection into the host's table just before it goes into service.
  let admit: @Sendable (P2PConnection) -> Void
  /// Numbers the connections.
  let nextID: ManagedAtomic<UInt64>

  // MARK: Outbound

  /// Dials one target.
  ///
  /// - Parameter peer: whom to reach; nil takes whoever answers.
  /// - Throws: ``HostError``, ``NegotiationError``, ``NoiseError``, ``ResourceLimitError``, `CancellationError`.
  func dial(_ target: DialTarget, peer: PeerID?) async throws -> P2PConnection {
    let resources = try environment.resources.connection(.outbound, remote: target.address)
    let outcome = configuration.eventLoopGroup.next().makePromise(of: UpgradeHandler.Outcome.self)
    let open = Mutex<(channel: (any Channel)?, isCancelled: Bool)>((nil, false))
    return try await withTaskCancellationHandler {
      let channel = try await connect(target, peer: peer, outcome)
      let isCancelled = open.withLock { open in
        open.channel = channel
        return open.isCancelled
      }
      if isCancelled { channel.close(promise: nil) }
      let connection = try await establish(
        channel, .outbound, target.address, outcome.futureResult, resources)
      if Task.isCancelled {
        connection.close()
        throw CancellationError()
      }
      return connection
    } onCancel: {
      let channel = open.withLock { open in
        open.isCancelled = true
        return open.channel
      }
      channel?.close(promise: nil)
    }
  }

  private func connect(
    _ target: DialTarget, peer: PeerID?, _ outcome: EventLoopPromise<UpgradeHandler.Outcome>
  ) async throws -> any Channel {
    do {
      return try await ClientBootstrap(group: outcome.futureResult.eventLoop)
        .connectTimeout(configuration.timeouts.connect)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.writeBufferWaterMark, value: Self.writeBuffer)
        .channelOption(.maxMessagesPerRead, value: Self.readsInARow)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try addUpgrade(channel, .initiator, expecting: peer, outcome)
          }
        }
        .connect(to: target.socket).get()
    } catch {
      outcome.fail(error)
      if case .connectTimeout? = error as? ChannelError {
        throw HostError(.timeout, "\(target.address) did not answer in time")
      }
      let code = (error as? IOError)?.errnoCode
      if code == ECONNREFUSED { throw HostError(.connectionRefused, "nothing listens at \(target.address)") }
      let reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
      throw HostError(.unreachable, "\(target.address) can't be reached: \(reason)")
    }
  }

  // MARK: Inbound

  /// Listens on a socket address.
  ///
  /// - Throws: ``HostError`` `host.listen`.
  func listen(_ address: SocketAddress, _ multiaddr: Multiaddr) async throws -> any Channel {
    var bootstrap = ServerBootstrap(group: configuration.eventLoopGroup)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: Self.writeBuffer)
      .childChannelOption(.maxMessagesPerRead, value: Self.readsInARow)
      .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try accept(channel) } }
    if case .v6 = address {
      // IPv4 has a listener of its own, or none because the operator wants none.
      bootstrap = bootstrap.serverChannelOption(
        ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
    }
    do {
      return try await bootstrap.bind(to: address).get()
    } catch {
      throw HostError(.listen, "can't listen on \(multiaddr): \(error)")
    }
  }

  /// Takes up an accepted socket, on its event loop; throwing closes it.
  private func accept(_ channel: any Channel) throws {
    guard let remote = channel.remoteAddress.flatMap(Multiaddr.init(tcp:)) else {
      throw HostError(.connectionLost, "a socket has no remote address")
    }
    guard configuration.gater.allowsAccept(from: remote) else {
      throw HostError(.refused, "connections from \(remote) are refused")
    }
    let resources: ResourceScope
    do {
      resources = try environment.resources.connection(.inbound, remote: remote)
    } catch {
      environment.report(.offended(nil, remote, component: "limits", error))
      throw error
    }
    let outcome = channel.eventLoop.makePromise(of: UpgradeHandler.Outcome.self)
    do {
      try addUpgrade(channel, .responder, expecting: nil, outcome)
    } catch {
      outcome.fail(error)
      throw error
    }
    Task {
      do {
        _ = try await establish(channel, .inbound, remote, outcome.futureResult, resources)
      } catch let error as any LibP2PError where Self.isOffence(error) {
        environment.report(.offended(nil, remote, component: "upgrade", error))
      }
    }
  }

  /// Whether a failed upgrade tells of a peer that breaks or abuses the protocol, rather than of one that left, was
  /// not wanted, or did not want us.
  private static func isOffence(_ error: any LibP2PError) -> Bool {
    switch error {
    case is NoiseError, is ResourceLimitError: true
    case let error as HostError: error.kind == .timeout
    case let error as NegotiationError: error.kind != .closed && error.kind != .unsupported
    default: false
    }
  }

  // MARK: Both

  private func addUpgrade(
    _ channel: any Channel, _ role: NoiseHandshake.Role, expecting peer: PeerID?,
    _ outcome: EventLoopPromise<UpgradeHandler.Outcome>
  ) throws {
    let upgrade = try ConnectionUpgrade(
      role, identity: identity, security: configuration.security, expecting: peer)
    try channel.pipeline.syncOperations.addHandler(
      UpgradeHandler(upgrade, timeouts: configuration.timeouts, outcome: outcome))
  }

  /// Waits for the upgrade, asks the gater, and puts the connection into service.
  private func establish(
    _ channel: any Channel, _ direction: Direction, _ remote: Multiaddr,
    _ outcome: EventLoopFuture<UpgradeHandler.Outcome>, _ resources: ResourceScope
  ) async throws -> P2PConnection {
    do {
      let outcome = try await outcome.get()
      guard outcome.peer != identity.peerID else {
        throw HostError(.ownself, "\(remote) is this node itself")
      }
      let address = channel.remoteAddress.flatMap(Multiaddr.init(tcp:)) ?? remote
      guard await configuration.gater.allowsConnection(with: outcome.peer, at: address, direction) else {
        throw HostError(.refused, "the policy refuses peer \(outcome.peer)")
      }
      try resources.settle(in: [.peer(outcome.peer)])
      let connection = P2PConnection(
        id: nextID.loadThenWrappingIncrement(ordering: .relaxed), peer: outcome.peer, peerKey: outcome.peerKey,
        direction: direction,
        remoteAddress: address, localAddress: channel.localAddress.flatMap(Multiaddr.init(tcp:)),
        security: outcome.security, mailbox: ConnectionMailbox(eventLoop: channel.eventLoop),
        resources: environment.resources, now: .now())
      try await channel.eventLoop.submit {
        let pipeline = channel.pipeline.syncOperations
        guard let handler = try? pipeline.handler(type: UpgradeHandler.self) else {
          throw HostError(.connectionLost, "the connection ended before it was ready")
        }
        try handler.admit(
          connection, environment: environment, resources: resources,
          context: try pipeline.context(handler: handler)
        ) { admit(connection) }
      }.get()
      return connection
    } catch {
      channel.close(promise: nil)
      resources.close()
      throw error
    }
  }
}
