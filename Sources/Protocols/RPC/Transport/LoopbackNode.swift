public import LibP2P
import Synchronization

/// A node as a peer of its own. No node has a connection with itself; what is served here, it can call all the same, as
/// its peers call it: signed, judged and decoded. Nobody else can.
public final class LoopbackNode: P2P {
  private typealias Handler = @Sendable (any PeerStream) async throws -> Void

  public let peerID: PeerID
  private let handlers = Mutex<[String: Handler]>([:])

  public init(of peerID: PeerID) { self.peerID = peerID }

  public var protocols: [String] { handlers.withLock { $0.keys.sorted() } }

  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    guard peer == peerID else { throw HostError(.unreachable, "\(peer) is another node") }
    return try openStream(from: peerID, in: protocolID)
  }

  /// Opens a stream as the node that `opener` is.
  func openStream(from opener: PeerID, in protocolID: String) throws(NegotiationError) -> InProcessStream {
    guard let handler = handlers.withLock({ $0[protocolID] }) else {
      throw NegotiationError(.unsupported, "\(peerID) does not serve \(protocolID.quotedForLog())")
    }
    return InProcessStream.open(from: opener, to: peerID, handler)
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
