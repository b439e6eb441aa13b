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
public protocol Servicer: Sendable {
  /// The first half of the handle names; the type's name unless stated.
  static var className: String { get }

  /// All procedures that are served, and only those.
  var handlers: [RPCHandler] { get }
}

extension Servicer {
  public static var className: String { String(describing: Self.self) }

  /// Serves all ``handlers`` on `p2p`, behind `gate`; on an error none of them.
  ///
  /// - Parameter namespace: goes before the handle names, `namespace::Class.rpc_method`.
  /// - Throws: ``ServicerError`` for names that are wrong, listed twice or served already.
  public func addP2PHandlers(
    to p2p: any P2P, gate: Gate, namespace: String? = nil, configuration: RPCConfiguration = RPCConfiguration()
  ) throws(ServicerError) {
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

  /// The procedures of this protocol on a peer; see ``getServerStub(_:_:gate:namespace:semaphore:configuration:)``.
  public func getStub(
    _ p2p: any P2P, _ peer: PeerID, gate: Gate, namespace: String? = nil, semaphore: RPCSemaphore = .unlimited,
    configuration: RPCConfiguration = RPCConfiguration()
  ) -> Stub<Self> {
    Self.getServerStub(p2p, peer, gate: gate, namespace: namespace, semaphore: semaphore, configuration: configuration)
  }

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
