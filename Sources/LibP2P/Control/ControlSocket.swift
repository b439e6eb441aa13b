import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// A UNIX socket through which other processes share a node's identity: they call peers as the node, and peers call
/// their handlers. It speaks the control protocol of go-libp2p-daemon as hivemind extended it, so that the Python
/// bindings of the mesh work with it as they are, and ``ControlClient`` does.
///
/// A client that ends, however it ends, takes its handlers, calls and streams with it and nothing else. Every stream
/// and every call passes a ``ControlGate``.
public final class ControlSocket: Service, Sendable {
  private struct State {
    var listener: ControlListener?
    var connections: [Int: (socket: LocalSocket, task: Task<Void, Never>?)] = [:]
    var nextConnection = 0
    var isStopped = false
    var drained: CheckedContinuation<Void, Never>?
  }

  private let node: ControlNode
  private let state = Mutex(State())

  /// - Parameters:
  ///   - host: whose identity is shared.
  ///   - routing: answers what clients ask of the DHT; nil refuses it.
  ///   - gate: judges every stream and every call.
  ///   - configuration: where the socket stands, who may connect, what clients may use.
  public init(
    host: P2PHost, routing: KademliaService? = nil, gate: any ControlGate, configuration: ControlConfiguration
  ) {
    node = ControlNode(host: host, routing: routing, gate: gate, configuration: configuration)
  }

  /// Where clients connect, as a multiaddr.
  public var address: Multiaddr? { try? Multiaddr([.unix(node.configuration.path)]) }

  /// The protocols that clients handle now.
  public var handledProtocols: [String] { node.handledProtocols }

  /// Connections with clients, those that carry streams included.
  public var connectionCount: Int { state.withLock(\.connections.count) }

  /// Opens a stream of the node itself with the client that handles a protocol, such as one that is the node's own by
  /// ``ControlConfiguration/ownPrefix``. The gate is not asked.
  ///
  /// - Parameter peer: whom the client sees as the one who opens it; nil for the node itself.
  /// - Throws: ``ControlError`` `control.refused` if no client handles it with a socket, `control.busy`,
  ///   `control.not-permitted`.
  public func openStream(_ protocolID: String, for peer: PeerID? = nil) async throws -> ControlStream {
    try await node.openOwnStream(protocolID, for: peer ?? peerID)
  }

  /// The node's peer id.
  public var peerID: PeerID { node.host.peerID }

  /// Begins to listen.
  ///
  /// - Throws: ``ControlError`` `control.in-use` or `control.listen`.
  public func start() async throws {
    let listener = try await ControlListener.open(
      node.configuration, on: node.host.configuration.eventLoopGroup
    ) { [weak self, node] channel in
      let socket = try LocalSocket.adopt(channel, .inbound, resources: node.resources)
      self?.accept(socket)
    }
    let isStopped = state.withLock { state in
      if !state.isStopped { state.listener = listener }
      return state.isStopped
    }
    if isStopped { await listener.close() }
  }

  /// Runs until the service group shuts down.
  public func run() async throws {
    try await start()
    try? await gracefulShutdown()
    await shutdown()
  }

  /// Takes the socket away and ends the connections of all clients.
  public func shutdown() async {
    let listener = state.withLock { state in
      state.isStopped = true
      defer { state.listener = nil }
      return state.listener
    }
    await listener?.close()
    for link in node.links { link.close(ControlError(.closed, "the node stops")) }
    let connections = state.withLock { Array($0.connections.values) }
    for connection in connections {
      connection.task?.cancel()
      connection.socket.reset()
    }
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if !state.connections.isEmpty { state.drained = continuation }
        return state.connections.isEmpty
      }
      if isDone { continuation.resume() }
    }
  }

  // MARK: Connections

  private func accept(_ socket: LocalSocket) {
    let number = state.withLock { state -> Int? in
      guard !state.isStopped else { return nil }
      defer { state.nextConnection += 1 }
      state.connections[state.nextConnection] = (socket, nil)
      return state.nextConnection
    }
    guard let number else { return socket.reset() }
    let task = Task {
      await self.serve(socket)
      self.end(number)
    }
    let isStopped = state.withLock { state in
      state.connections[number]?.task = task
      return state.isStopped
    }
    if isStopped { task.cancel() }
  }

  private func end(_ number: Int) {
    let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.connections[number] = nil
      guard state.connections.isEmpty else { return nil }
      defer { state.drained = nil }
      return state.drained
    }
    drained?.resume()
  }

  private func serve(_ socket: LocalSocket) async {
    let logger = node.configuration.logger
    var who = "a client"
    do {
      guard let client = try await socket.credentials() else {
        throw ControlError(.notPermitted, "the client is not on this machine")
      }
      who = "process \(client.pid) of user \(client.uid)"
      guard node.admits(client) else { throw ControlError(.notPermitted, "\(who) is not let in") }
      try node.enter(client)
      defer { node.leave(client) }
      try await ControlConnection(node: node, socket: socket, client: client).serve()
      socket.close()
    } catch {
      socket.reset()
      switch error {
      case let error as ControlError where [.clientDied, .closed].contains(error.kind):
        logger.debug("a stream or connection of \(who) ended: \(error)")
      case let error as ControlError: logger.warning("the connection of \(who) is cut: \(error)")
      default: logger.debug("the connection of \(who) ended: \(error)")
      }
    }
  }
}
