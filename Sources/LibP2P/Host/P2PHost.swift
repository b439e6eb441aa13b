import Atomics
import NIOCore
public import ServiceLifecycle
import Synchronization

/// A libp2p peer: it listens and dials, keeps the connections, and gives streams to those who serve and ask.
///
/// Set the handlers, then ``start()`` (or ``run()`` in a service group). One connection with a peer carries the
/// streams of both directions, whoever dialed.
public final class P2PHost: Service, Sendable {
  /// Events kept for a watcher that does not read them; older ones are dropped.
  public static let eventBacklog = 1024

  struct State {
    var handlers = ProtocolHandlers()
    var table: ConnectionTable
    var backoff = DialBackoff()
    var flights: [PeerID: DialFlight] = [:]
    var listeners: [any Channel] = []
    var watchers: [Int: Watcher] = [:]
    var nextWatcher = 0
    var protocols: [PeerID: Set<String>] = [:]
    var observed = ObservedAddresses()
    var routing: (any PeerRouting)?
    var isStarted = false
    var isStopping = false
    var drained: CheckedContinuation<Void, Never>?
  }

  struct Watcher {
    var continuation: AsyncStream<HostEvent>.Continuation
    var seesStreams: Bool
  }

  /// This host's peer id.
  public let peerID: PeerID
  /// What it was made from.
  public let configuration: HostConfiguration
  let resources: ResourceManager
  private let identity: NoiseIdentity
  private let offences: MisbehaviourLog
  private let nextConnection = ManagedAtomic<UInt64>(1)
  let state: Mutex<State>

  /// - Throws: ``KeyError`` if the identity can't sign.
  public init(_ configuration: HostConfiguration) throws(KeyError) {
    self.configuration = configuration
    peerID = configuration.identity.peerID
    identity = try NoiseIdentity(
      configuration.identity, muxers: configuration.offersEarlyMuxer ? [ConnectionUpgrade.muxer] : [])
    resources = ResourceManager(limits: configuration.limits)
    offences = MisbehaviourLog(logger: configuration.logger)
    state = Mutex(State(table: ConnectionTable(ownID: configuration.identity.peerID)))
  }

  var maker: ConnectionMaker {
    ConnectionMaker(
      configuration: configuration, identity: identity,
      environment: ConnectionEnvironment(
        resources: resources, timeouts: configuration.timeouts, yamux: configuration.yamux,
        handler: { name in self.state.withLock { $0.handlers[name] } }, report: { self.take($0) }),
      admit: { self.enter($0) }, nextID: nextConnection)
  }

  // MARK: Life

  /// Listens on the configured addresses. More than one call does nothing more.
  ///
  /// - Throws: ``HostError`` `host.listen` or `host.no-address`; nothing is listened on then.
  public func start() async throws {
    let isFirst = state.withLock { state in
      defer { state.isStarted = true }
      return !state.isStarted
    }
    guard isFirst else { return }
    var listeners: [any Channel] = []
    do {
      for address in configuration.listenAddresses {
        guard let socket = address.tcpEndpoint?.socketAddress else {
          throw HostError(.noAddress, "\(address) is not an address to listen on")
        }
        listeners.append(try await maker.listen(socket, address))
      }
    } catch {
      for listener in listeners { try? await listener.close().get() }
      state.withLock { $0.isStarted = false }
      throw error
    }
    state.withLock { $0.listeners = listeners }
  }

  /// Runs until the service group shuts down, then ends orderly.
  public func run() async throws {
    try await start()
    try? await gracefulShutdown()
    await shutdown()
  }

  /// Takes no more connections, lets streams finish for ``HostTimeouts/shutdown``, then closes everything.
  public func shutdown() async {
    let (listeners, connections) = state.withLock { state in
      state.isStopping = true
      defer { state.listeners = [] }
      return (state.listeners, state.table.all)
    }
    for listener in listeners { try? await listener.close().get() }
    for connection in connections { connection.mailbox.post(.goAway) }
    await drain(for: configuration.timeouts.shutdown)
    for connection in state.withLock(\.table.all) { connection.close() }
    await drain(for: configuration.timeouts.shutdown)
    let watchers = state.withLock { state in
      defer { state.watchers = [:] }
      return state.watchers.values
    }
    for watcher in watchers { watcher.continuation.finish() }
  }

  /// Waits until no connection is left, or until `time` has passed.
  private func drain(for time: TimeAmount) async {
    let alarm = configuration.eventLoopGroup.next().scheduleTask(in: time) { self.endDrain() }
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        if state.table.count > 0 { state.drained = continuation }
        return state.table.count == 0
      }
      if isEmpty { continuation.resume() }
    }
    alarm.cancel()
  }

  private func endDrain() {
    let waiter = state.withLock { state in
      defer { state.drained = nil }
      return state.drained
    }
    waiter?.resume()
  }

  // MARK: Serving

  /// Serves a protocol, in place of an earlier handler.
  public func handle(
    _ protocolID: String, on placement: HandlerPlacement = .pool, _ handler: @escaping StreamHandler
  ) {
    state.withLock { $0.handlers.set(protocolID, PlacedHandler(placement: placement, serve: handler)) }
  }

  /// Serves a protocol that no handler names yet; false if one does.
  public func handleIfFree(
    _ protocolID: String, on placement: HandlerPlacement = .pool, _ handler: @escaping StreamHandler
  ) -> Bool {
    state.withLock { state in
      guard !state.handlers.names(protocolID) else { return false }
      state.handlers.set(protocolID, PlacedHandler(placement: placement, serve: handler))
      return true
    }
  }

  /// Serves every protocol that `matches` accepts and no handler names.
  ///
  /// - Parameter rule: names the rule, so that it can be replaced and removed.
  public func handle(
    rule: String, matching matches: @escaping @Sendable (String) -> Bool, on placement: HandlerPlacement = .pool,
    _ handler: @escaping StreamHandler
  ) {
    state.withLock { $0.handlers.set(rule: rule, matches, PlacedHandler(placement: placement, serve: handler)) }
  }

  /// Stops serving a protocol; streams that are open go on.
  public func stopHandling(_ protocolID: String) {
    state.withLock { $0.handlers.set(protocolID, nil) }
  }

  /// Removes a rule.
  public func stopHandling(rule: String) { state.withLock { $0.handlers.remove(rule: rule) } }

  /// The protocols served by id.
  public var protocols: [String] { state.withLock(\.handlers.ids) }

  // MARK: Connections

  /// The peers connected now.
  public var peers: [PeerID] { state.withLock(\.table.peers) }

  /// The connections with a peer.
  public func connections(with peer: PeerID) -> [P2PConnection] { state.withLock { $0.table[peer] } }

  /// The connection that carries new streams with a peer, if there is one.
  public func connection(with peer: PeerID) -> P2PConnection? { state.withLock { $0.table.best(for: peer) } }

  /// Closes all connections with a peer; its streams fail.
  public func disconnect(_ peer: PeerID) {
    for connection in connections(with: peer) { connection.close() }
  }

  /// Keeps a peer's connections when there are too many, until ``unprotect(_:tag:)`` took every tag away.
  public func protect(_ peer: PeerID, tag: String) { state.withLock { $0.table.protect(peer, tag) } }

  /// Takes a protection away.
  public func unprotect(_ peer: PeerID, tag: String) { state.withLock { $0.table.unprotect(peer, tag) } }

  /// Watches what happens from now on.
  ///
  /// - Parameter includesStreams: whether each stream is worth an event. There are many of them, and every event wakes
  ///   the watcher.
  public func events(includesStreams: Bool = true) -> AsyncStream<HostEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: HostEvent.self, bufferingPolicy: .bufferingNewest(Self.eventBacklog))
    let number = state.withLock { state in
      defer { state.nextWatcher += 1 }
      state.watchers[state.nextWatcher] = Watcher(continuation: continuation, seesStreams: includesStreams)
      return state.nextWatcher
    }
    continuation.onTermination = { _ in self.state.withLock { $0.watchers[number] = nil } }
    return stream
  }

  /// Enters a connection that is ready.
  private func enter(_ connection: P2PConnection) {
    let (loser, trimmed, isStopping) = state.withLock { state in
      let loser = state.table.add(connection)
      let trimmed = state.table.trimmed(
        low: configuration.lowWatermark, high: configuration.highWatermark, grace: configuration.trimGrace,
        now: .now())
      return (loser, trimmed, state.isStopping)
    }
    loser?.retire()
    for connection in trimmed { connection.retire() }
    if isStopping { connection.close() }
    publish(.connected(connection))
  }

  /// Takes a connection's report, on its event loop.
  private func take(_ report: ConnectionEnvironment.Report) {
    switch report {
    case .opened(let connection, let protocolID, let direction):
      publish(.streamOpened(connection, protocolID: protocolID, direction))
    case .ended(let connection, let error):
      let isEmpty = state.withLock { state in
        if state.table.remove(connection) { state.protocols[connection.peer] = nil }
        return state.table.count == 0
      }
      if isEmpty { endDrain() }
      publish(.disconnected(connection, error))
    case .offended(let peer, let address, let component, let error):
      offences.record(peer: peer, address: address, component: component, code: error.code)
      publish(.misbehaved(peer, address, error))
    }
  }

  func publish(_ event: HostEvent) {
    let watchers = state.withLock { state -> [Watcher] in
      if case .streamOpened = event { return state.watchers.values.filter(\.seesStreams) }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.continuation.yield(event) }
  }
}
