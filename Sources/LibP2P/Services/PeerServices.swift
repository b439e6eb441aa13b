import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// A host with everything that lets it live among others: identify, ping, Kademlia and bootstrap.
///
/// Make it, set the protocols of one's own on ``host``, then run it in a service group. It starts the host, asks every
/// new peer who it is, keeps the routing table filled and the bootstrap peers connected.
public final class PeerServices: Service {
  /// What the services are made from.
  public struct Configuration: Sendable {
    /// Names this software to others.
    public var agentVersion = "validatord"
    /// Whether to answer Kademlia requests.
    public var kademlia = KademliaService.Mode.server
    /// Peers to stay connected with, and to begin look-ups at.
    public var bootstrap: [Multiaddr] = []

    /// A server without bootstrap peers.
    public init() {}
  }

  /// Streams that py-libp2p 0.6 may open on a connection. It can open 256 in all and hangs at the next
  /// (subnet-wire.md §1.4), so it has to dial again before; shortly before this number at a quiet moment, else at once.
  static let streamsOfLeakyPeer = 240
  /// How often bootstrap peers that are not connected are looked at.
  static let bootstrapTick = Duration.milliseconds(500)

  /// The host that carries the services.
  public let host: P2PHost
  /// What is known of peers.
  public let store: PeerStore
  /// Asks peers who they are, and tells them.
  public let identify: IdentifyService
  /// Measures round trips.
  public let ping: PingService
  /// Finds peers.
  public let kademlia: KademliaService
  private let bootstrap: Mutex<BootstrapSchedule>
  private let hasRefreshed = Mutex(false)
  /// Watched from the beginning, so that no peer that connects early is missed.
  private let events: AsyncStream<HostEvent>
  private let logger: Logger

  /// Serves the protocols on `host` and becomes its routing.
  public init(_ host: P2PHost, _ configuration: Configuration = Configuration()) {
    self.host = host
    events = host.events(includesStreams: false)
    store = PeerStore()
    logger = host.configuration.logger
    let kademlia = KademliaService(host, store: store, mode: configuration.kademlia)
    self.kademlia = kademlia
    ping = PingService(host)
    identify = IdentifyService(host, store: store, agentVersion: configuration.agentVersion) { connection, message in
      kademlia.identified(connection.peer, protocols: message.protocols)
    }
    bootstrap = Mutex(BootstrapSchedule(configuration.bootstrap))
    for address in configuration.bootstrap {
      if let peer = address.peerID { store.add([address], of: peer, from: .configuration) }
    }
    host.setRouting(kademlia)
  }

  /// Runs host and services until the service group shuts down or the task is cancelled.
  ///
  /// - Throws: ``HostError`` if the host can't listen.
  public func run() async throws {
    try await host.start()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow() }
      group.addTask { await self.stayConnected() }
      group.addTask { await self.refreshRegularly() }
      try? await gracefulShutdown()
      group.cancelAll()
    }
    await host.shutdown()
  }

  private func follow() async {
    await withDiscardingTaskGroup { group in
      for await event in events {
        switch event {
        case .connected(let connection): group.addTask { await self.greet(connection) }
        case .disconnected(let connection, _):
          if host.connections(with: connection.peer).isEmpty { store.disconnected(connection.peer) }
        case .dialFailed(let peer?, _): store.unreachable(peer)
        case .dialFailed, .streamOpened, .misbehaved: break
        }
      }
      group.cancelAll()
    }
  }

  /// Asks a new peer who it is, unless another connection with it has been asked already.
  private func greet(_ connection: P2PConnection) async {
    if connection.direction == .outbound {
      store.add([connection.remoteAddress], of: connection.peer, from: .peer)
    }
    if let known = store.identity(of: connection.peer) { return spare(connection, known) }
    do {
      let message = try await identify.identify(connection)
      spare(connection, message)
      logger.debug("\(connection.peer) is \(message.agentVersion.quotedForLog())")
      guard message.protocols.contains(KademliaService.protocolID) else { return }
      let isFirst = hasRefreshed.withLock { hasRefreshed in
        defer { hasRefreshed = true }
        return !hasRefreshed
      }
      if isFirst { try await kademlia.refresh() }
    } catch {
      logger.debug("\(connection.peer) did not say who it is: \(error)")
    }
  }

  /// Lets a peer redial before it runs out of streams.
  private func spare(_ connection: P2PConnection, _ identity: IdentifyMessage) {
    guard identity.agentVersion.hasPrefix("py-libp2p/0.6") else { return }
    connection.limitStreamsOfPeer(to: Self.streamsOfLeakyPeer)
  }

  private func refreshRegularly() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: KademliaService.refreshInterval)
      try? await kademlia.refresh()
    }
  }

  private func stayConnected() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let connected = Set(host.peers)
        for address in bootstrap.withLock({ $0.due(now: .now(), connected: connected) }) {
          group.addTask { await self.dial(address) }
        }
        try? await Task.sleep(for: Self.bootstrapTick)
      }
    }
  }

  private func dial(_ address: Multiaddr) async {
    do {
      let connection = try await host.connect(at: address)
      bootstrap.withLock { $0.connected(address, with: connection.peer) }
    } catch {
      var random = SystemRandomNumberGenerator()
      bootstrap.withLock { $0.failed(address, now: .now(), using: &random) }
      logger.debug("bootstrap peer \(address) can't be reached: \(error)")
    }
  }
}
