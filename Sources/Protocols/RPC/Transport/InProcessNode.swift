public import LibP2P
import Synchronization

/// A node of an ``InProcessNetwork``.
public final class InProcessNode: P2P {
  private typealias Handler = @Sendable (any PeerStream) async throws -> Void

  public let peerID: PeerID
  private let network: InProcessNetwork
  private let handlers = Mutex<[String: Handler]>([:])

  init(peerID: PeerID, network: InProcessNetwork) {
    self.peerID = peerID
    self.network = network
  }

  public var protocols: [String] { handlers.withLock { $0.keys.sorted() } }

  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    guard let node = network.node(peer) else { throw HostError(.unreachable, "\(peer) is not in the network") }
    guard let handler = node.handlers.withLock({ $0[protocolID] }) else {
      throw NegotiationError(.unsupported, "\(peer) does not serve \(protocolID.quotedForLog())")
    }
    let (near, far) = InProcessStream.pair(peerID, peer)
    far.run(
      Task {
        do {
          try await handler(far)
          far.close()
        } catch {
          far.reset()
        }
      })
    return near
  }

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
}
