public import LibP2P
public import Protocols

/// The way from a node to the handlers that its workers have registered at its control socket. Whatever peer is named,
/// a worker is reached; nobody else is.
public struct WorkerLink: P2P {
  private let control: ControlSocket
  /// Whose request the worker gets; nil for the node's own.
  private var caller: PeerID?

  /// - Parameter control: made with ``WorkerInvitation/namespacePrefix`` as its
  ///   ``ControlConfiguration/ownPrefix``, so that peers can't call the workers themselves.
  public init(_ control: ControlSocket) { self.control = control }

  /// The same way for a request of another: workers see that peer as the one who calls. What comes before ordinary
  /// requests is the node's own to them.
  func calling(for asker: InferenceAsker) -> WorkerLink {
    var link = self
    link.caller = asker.priority < AsyncInferenceServer.ordinaryPriority ? nil : try? PeerID(asker.peer)
    return link
  }

  public var peerID: PeerID { control.peerID }
  public var protocols: [String] { [] }

  public func openStream(to peer: PeerID, in protocolID: String) async throws -> any PeerStream {
    try await control.openStream(protocolID, for: caller)
  }

  /// Serves nothing: workers call the node's peers, not the node.
  public func serve(
    _ protocolID: String, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void
  ) -> Bool { false }

  public func stopHandling(_ protocolID: String) {}

  public var refusalToServe: String? {
    "this is the node's way to its workers, and each worker registers its procedures in its own process"
  }
}
