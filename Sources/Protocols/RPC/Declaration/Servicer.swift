public import LibP2P

/// A protocol of the subnet: the procedures that a node offers to its peers, with the code behind them.
///
///     struct Dice: Servicer {
///       static let rpcRoll = RPC<RollRequest, Roll>.unary("rpc_roll")
///
///       var handlers: [RPCHandler] { [Self.rpcRoll.handler(roll)] }
///
///       func roll(_ request: RollRequest, _ context: P2PContext) async throws -> Roll { … }
///     }
///
/// `try Dice().addP2PHandlers(to: host, gate: gate)` serves it as `Dice.rpc_roll`;
/// `Dice.getServerStub(host, peer, gate: gate).rpcRoll(request)` calls it.
public protocol Servicer: PeerProtocol {
  /// All procedures that are served, and only those.
  var handlers: [RPCHandler] { get }
}

extension Servicer {
  /// Serves all ``handlers`` on `p2p`, behind `gate`; on an error none of them.
  ///
  /// - Parameter namespace: goes before the handle names, `namespace::Class.rpc_method`.
  /// - Throws: ``ServicerError`` for names that are wrong, listed twice or served already, and in a process where they
  ///   can't be bound.
  public func addP2PHandlers(
    to p2p: any P2P, gate: Gate, namespace: String? = nil, configuration: RPCConfiguration = RPCConfiguration()
  ) throws(ServicerError) {
    if let reason = p2p.refusalToServe {
      throw ServicerError(.process, "\(Self.className) can't be registered here: \(reason)")
    }
    var served: [HandleName] = []
    do throws(ServicerError) {
      for handler in handlers {
        let name = try HandleName(Self.className, handler.method, namespace: namespace)
        guard !served.contains(name) else {
          throw ServicerError(.duplicate, "\(Self.className) lists \(handler.method) twice")
        }
        let calls = CallServer(handler, name: name, localID: p2p.peerID, gate: gate, configuration: configuration)
        guard p2p.serve(name.text, calls.serve) else {
          throw ServicerError(.served, "\(name.text) is served on this node already")
        }
        served.append(name)
      }
    } catch {
      for name in served { p2p.stopHandling(name.text) }
      throw error
    }
  }

  /// Takes all ``handlers`` off; calls that run go on.
  public func removeP2PHandlers(from p2p: any P2P, namespace: String? = nil) {
    for handler in handlers {
      guard let name = try? HandleName(Self.className, handler.method, namespace: namespace) else { continue }
      p2p.stopHandling(name.text)
    }
  }

  /// The procedures of this protocol on a peer; see ``PeerProtocol/getServerStub(_:_:gate:namespace:semaphore:configuration:)``.
  public func getStub(
    _ p2p: any P2P, _ peer: PeerID, gate: Gate, namespace: String? = nil, semaphore: RPCSemaphore = .unlimited,
    configuration: RPCConfiguration = RPCConfiguration()
  ) -> Stub<Self> {
    Self.getServerStub(p2p, peer, gate: gate, namespace: namespace, semaphore: semaphore, configuration: configuration)
  }
}
