import NIOCore
import Synchronization

/// What all connections of a control socket share: the host, the gate, the books of clients and handlers.
final class ControlNode: Sendable {
  struct State {
    var registry: HandlerRegistry
    var clients: ClientTable
  }

  let host: P2PHost
  let routing: KademliaService?
  let gate: any ControlGate
  let configuration: ControlConfiguration
  let resources: ResourceManager
  private let state: Mutex<State>

  init(host: P2PHost, routing: KademliaService?, gate: any ControlGate, configuration: ControlConfiguration) {
    self.host = host
    self.routing = routing
    self.gate = gate
    self.configuration = configuration
    let limits = configuration.limits
    resources = LocalSocket.resources(
      connections: limits.connections, memory: limits.memory, perSocket: limits.queuedBytes + limits.messageLength)
    state = Mutex(
      State(
        registry: HandlerRegistry(maximumPerProcess: limits.handlersPerClient),
        clients: ClientTable(maximumConnections: limits.connectionsPerClient)))
  }

  var limits: ControlLimits { configuration.limits }

  /// What is handled by clients now.
  var handledProtocols: [String] { state.withLock(\.registry.names) }

  /// The persistent connections.
  var links: [PersistentLink] { state.withLock(\.clients.allLinks) }

  // MARK: Clients

  /// Whether a process at the other end of a socket is let in; nil stands for one on the loopback interface.
  func admits(_ client: PeerCredentials?) -> Bool {
    guard let client else { return true }
    return client.uid == 0 || client.uid == PeerCredentials.ownUser || configuration.access.users.contains(client.uid)
  }

  /// - Throws: ``ControlError`` `control.busy`.
  func enter(_ client: PeerCredentials) throws(ControlError) {
    guard state.withLock({ $0.clients.enter(client.pid) }) else {
      throw ControlError(.busy, "process \(client.pid) has \(limits.connectionsPerClient) connections")
    }
  }

  func leave(_ client: PeerCredentials) { state.withLock { $0.clients.leave(client.pid) } }

  func add(_ link: PersistentLink, of client: PeerCredentials) -> UInt64 {
    state.withLock { $0.clients.add(link, of: client.pid) }
  }

  /// Takes a persistent connection out, with its handlers; with the last one of a process, its sockets, too.
  func remove(_ link: UInt64, of client: PeerCredentials) {
    state.withLock { state in
      var freed = state.registry.removeAll(.link(link))
      if state.clients.remove(link, of: client.pid), client.pid != 0 {
        freed += state.registry.removeListeners(of: client.pid)
      }
      for name in freed { host.stopHandling(name) }
    }
  }

  // MARK: Handlers

  /// - Throws: ``ControlError`` with p2pd's words.
  func add(
    _ name: String, _ kind: HandlerRegistry.Kind, _ owner: HandlerRegistry.Owner, of client: PeerCredentials,
    isBalanced: Bool
  ) throws(ControlError) {
    try state.withLock { state throws(ControlError) in
      try state.registry.add(name, kind, owner, of: client.pid, isBalanced: isBalanced) {
        configuration.ownPrefix.map(name.hasPrefix) == true
          || host.handleIfFree(name) { [weak self] in try await self?.serve($0) }
      }
    }
  }

  /// - Throws: ``ControlError`` with p2pd's words.
  func remove(_ name: String, _ owner: HandlerRegistry.Owner) throws(ControlError) {
    try state.withLock { state throws(ControlError) in
      if try state.registry.remove(name, owner) { host.stopHandling(name) }
    }
  }

  /// Takes all handlers of an owner out.
  func forget(_ owner: HandlerRegistry.Owner) {
    state.withLock { state in
      for name in state.registry.removeAll(owner) { host.stopHandling(name) }
    }
  }

  func turn(_ name: String, _ kind: HandlerRegistry.Kind) -> [HandlerRegistry.Owner] {
    state.withLock { $0.registry.turn(name, kind) }
  }

  func link(_ number: UInt64) -> PersistentLink? { state.withLock { $0.clients[number] } }

  /// Serves a stream that a peer opened in a protocol of a client.
  private func serve(_ stream: P2PStream) async throws {
    do {
      try await gate.admit(ControlPassage(direction: .inbound, peer: stream.peer, protocolID: stream.protocolID))
      switch state.withLock({ $0.registry.kind(of: stream.protocolID) }) {
      case .unary: try await handOnCall(stream)
      case .stream: try await handOnStream(stream)
      case nil: throw ControlError(.refused, "no client handles \(stream.protocolID.quotedForLog()) any more")
      }
    } catch {
      configuration.logger.debug(
        "a stream of \(stream.peer) in \(stream.protocolID.quotedForLog()) was not served: \(DaemonText.of(error))")
      throw error
    }
  }
}
