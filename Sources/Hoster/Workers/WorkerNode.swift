public import LibP2P
public import Protocols
import Synchronization

/// A node as its worker sees it, through the control socket: with the node's identity, and handlers of its own.
public final class WorkerNode: P2P {
  private typealias Handler = @Sendable (any PeerStream) async throws -> Void

  private let client: ControlClient
  private let handlers = Mutex<[String: Handler]>([:])

  public init(_ client: ControlClient) { self.client = client }

  /// The node's, which is the worker's.
  public var peerID: PeerID { client.peerID }
  public var protocols: [String] { handlers.withLock { $0.keys.sorted() } }

  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    try await client.openStream(to: peer, [protocolID])
  }

  /// Takes a handler, which serves from ``register()`` on.
  public func serve(
    _ protocolID: String, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void
  ) -> Bool {
    handlers.withLock { handlers in
      guard handlers[protocolID] == nil else { return false }
      handlers[protocolID] = handler
      return true
    }
  }

  public func stopHandling(_ protocolID: String) { handlers.withLock { $0[protocolID] = nil } }

  /// Registers the handlers at the node.
  ///
  /// - Throws: ``ControlError``.
  func register() async throws {
    for (name, handler) in handlers.withLock({ $0 }) {
      try await client.addStreamHandler(name) { try await handler($0) }
    }
  }

  /// Takes the handlers off, so that their names are free.
  ///
  /// - Throws: ``ControlError``.
  func withdraw() async throws {
    for name in protocols { try await client.removeStreamHandler(name) }
  }
}
