import NIOCore
import NIOPosix

/// A TCP proxy on loopback that misbehaves on request: it stands between a client under test and a real node.
///
/// ```swift
/// try await FaultProxy.with(to: node.port) { proxy in
///   let client = ... proxy.port ...
///   try await proxy.set(.silence)
/// }
/// ```
///
/// All of it runs on one event loop, so a change of mode happens between two reads, never within one.
final class FaultProxy: Sendable {
  /// How bytes and connections are treated, from the moment it is set.
  enum Mode: Sendable, Equatable {
    /// Everything is forwarded.
    case pass
    /// Everything is forwarded this much later, in order, in both directions.
    case delay(TimeAmount)
    /// Connections are accepted and stay open; nothing is forwarded, not even a close. What was withheld
    /// is forwarded when the mode changes.
    case silence
    /// Open connections are closed, and so is each new one as soon as it was accepted.
    case kill
    /// Open connections are closed and nobody listens: a caller is refused by the operating system.
    case refuse
  }

  /// Where clients connect, on 127.0.0.1. It stays the same while the proxy lives.
  let port: Int
  private let eventLoop: any EventLoop
  private let state: NIOLoopBoundBox<State>

  /// Runs `body` beside a proxy in front of `port` of 127.0.0.1, and closes it.
  static func with<Outcome>(
    to port: Int, mode: Mode = .pass, _ body: (FaultProxy) async throws -> Outcome
  ) async throws -> Outcome {
    let proxy = try await start(to: port, mode: mode)
    do {
      let outcome = try await body(proxy)
      try await proxy.shutdown()
      return outcome
    } catch {
      try? await proxy.shutdown()
      throw error
    }
  }

  static func start(to port: Int, mode: Mode = .pass) async throws -> FaultProxy {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let state = NIOLoopBoundBox.makeBoxSendingValue(State(upstream: port), eventLoop: eventLoop)
    let listener = try await listen(on: 0, eventLoop, state).get()
    guard let port = listener.localAddress?.port else { throw ChannelError.unknownLocalAddress }
    let proxy = FaultProxy(port: port, eventLoop: eventLoop, state: state)
    try await eventLoop.submit { state.value.listener = listener }.get()
    try await proxy.set(mode)
    return proxy
  }

  /// Changes the behaviour; when it returns, the change has happened.
  func set(_ mode: Mode) async throws {
    try await eventLoop.flatSubmit { [self] in
      state.value.mode = mode
      switch mode {
      case .pass, .delay, .silence:
        for relay in state.value.relays.values { relay.follow(mode) }
        return reopen()
      case .kill:
        return closeConnections().flatMap { self.reopen() }
      case .refuse:
        return closeListener().flatMap { self.closeConnections() }
      }
    }.get()
  }

  /// Closes the open connections once, without a change of mode: a flapping network.
  func dropConnections() async throws {
    try await eventLoop.flatSubmit { self.closeConnections() }.get()
  }

  /// Connections accepted so far: tells a test that a client came back.
  func acceptedConnections() async throws -> Int {
    try await eventLoop.submit { self.state.value.accepted }.get()
  }

  /// Connections open now.
  func openConnections() async throws -> Int {
    try await eventLoop.submit { self.state.value.relays.count }.get()
  }

  /// Closes everything. The proxy can't be used afterwards.
  func shutdown() async throws { try await set(.refuse) }

  private init(port: Int, eventLoop: any EventLoop, state: NIOLoopBoundBox<State>) {
    self.port = port
    self.eventLoop = eventLoop
    self.state = state
  }

  /// What the proxy knows, touched on its event loop only.
  private struct State {
    var upstream: Int
    var mode = Mode.pass
    var listener: (any Channel)?
    var relays: [ObjectIdentifier: FaultProxyRelay] = [:]
    var accepted = 0
  }

  private static func listen(
    on port: Int, _ eventLoop: any EventLoop, _ state: NIOLoopBoundBox<State>
  ) -> EventLoopFuture<any Channel> {
    ServerBootstrap(group: eventLoop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { client in
        state.value.accepted += 1
        if state.value.mode == .kill { return client.close() }
        let relay = FaultProxyRelay(client: client, mode: state.value.mode)
        let key = ObjectIdentifier(relay)
        state.value.relays[key] = relay
        relay.ended.whenComplete { _ in state.value.relays[key] = nil }
        return relay.connect(to: state.value.upstream)
      }
      .bind(host: "127.0.0.1", port: port)
  }

  private func reopen() -> EventLoopFuture<Void> {
    guard state.value.listener == nil else { return eventLoop.makeSucceededVoidFuture() }
    return Self.listen(on: port, eventLoop, state).map { self.state.value.listener = $0 }
  }

  private func closeListener() -> EventLoopFuture<Void> {
    let listener = state.value.listener
    state.value.listener = nil
    return listener?.close() ?? eventLoop.makeSucceededVoidFuture()
  }

  private func closeConnections() -> EventLoopFuture<Void> {
    EventLoopFuture.andAllComplete(state.value.relays.values.map { $0.close() }, on: eventLoop)
  }
}
