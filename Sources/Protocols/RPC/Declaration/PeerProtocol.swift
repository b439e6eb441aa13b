public import LibP2P

/// A protocol that peers speak: its name and the procedures that it declares. ``Servicer`` adds the code behind them.
public protocol PeerProtocol: Sendable {
  /// The first half of the handle names; the type's name unless stated.
  static var className: String { get }
}

extension PeerProtocol {
  public static var className: String { String(describing: Self.self) }

  /// The procedures of this protocol on a peer, for callers without an instance.
  ///
  /// - Parameters:
  ///   - gate: judges the peer before each call, signs requests and verifies responses.
  ///   - semaphore: how many calls may run at a time; share it between stubs that share the limit.
  public static func getServerStub(
    _ p2p: any P2P, _ peer: PeerID, gate: Gate, namespace: String? = nil, semaphore: RPCSemaphore = .unlimited,
    configuration: RPCConfiguration = RPCConfiguration()
  ) -> Stub<Self> {
    Stub(
      Caller(
        p2p: p2p, peer: peer, gate: gate, className: className, namespace: namespace, semaphore: semaphore,
        configuration: configuration))
  }
}
