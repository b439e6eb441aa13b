import Substrate
import Synchronization

/// A chain that several test nodes serve: numbered blocks whose hashes follow from the chain's name.
struct TestChain: Sendable {
  let name: UInt8

  var genesis: String { hash(0) }

  func hash(_ number: UInt64) -> String {
    let number = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    return JSONValue(hex: [name] + Array(repeating: 0, count: 23) + number).stringValue ?? ""
  }

  func header(_ number: UInt64) -> JSONValue {
    [
      "number": .string("0x" + String(number, radix: 16)),
      "parentHash": .string(hash(number - min(number, 1))),
    ]
  }
}

/// One node of a ``TestChain``, real sockets included: it follows the chain as far as the test lets it.
final class TestNode: Sendable {
  struct State {
    var best: UInt64 = 10
    var finalized: UInt64 = 8
    /// Answers instead of the node's own; nil for the node's own.
    var fault: (@Sendable (JSONValue) -> [RPCTestServer.Step]?)?
    var subscribers: [(kind: String, id: JSONValue, peer: RPCTestServer.Peer)] = []
    var submitted: [JSONValue] = []
    var poolHashes: Set<JSONValue> = []
  }

  let chain: TestChain
  let server: RPCTestServer
  let state: Shared

  /// Shared with the closure that the server calls.
  final class Shared: Sendable {
    let value = Mutex(State())
  }

  private init(chain: TestChain, server: RPCTestServer, state: Shared) {
    self.chain = chain
    self.server = server
    self.state = state
  }

  static func start(_ chain: TestChain, best: UInt64 = 10, finalized: UInt64 = 8) async throws -> TestNode {
    let state = Shared()
    state.value.withLock { ($0.best, $0.finalized) = (best, finalized) }
    let server = try await RPCTestServer.start { request, peer in
      if let fault = state.value.withLock({ $0.fault }), let steps = fault(request) { return steps }
      return answer(request, peer, chain, state)
    }
    return TestNode(chain: chain, server: server, state: state)
  }

  /// Moves the head and tells the subscribers.
  func advance(best: UInt64, finalized: UInt64) async {
    let subscribers = state.value.withLock { state in
      (state.best, state.finalized) = (best, finalized)
      return state.subscribers
    }
    for (kind, id, peer) in subscribers {
      await peer.push(Answer.item(id, chain.header(kind == "chain_subscribeNewHeads" ? best : finalized)))
    }
  }

  func setFault(_ fault: (@Sendable (JSONValue) -> [RPCTestServer.Step]?)?) {
    state.value.withLock { $0.fault = fault }
  }

  /// Every extrinsic received, repetitions included.
  var submitted: [JSONValue] { state.value.withLock { $0.submitted } }

  private static func answer(
    _ request: JSONValue, _ peer: RPCTestServer.Peer, _ chain: TestChain, _ shared: Shared
  ) -> [RPCTestServer.Step] {
    if case .array(let requests) = request {
      let answers = requests.flatMap { answer($0, peer, chain, shared) }.compactMap { step -> String? in
        if case .send(let text) = step { text } else { nil }
      }
      return [.send("[\(answers.joined(separator: ","))]")]
    }
    let method = request["method"]?.stringValue ?? ""
    let first = request["params"]?[0]
    return shared.value.withLock { state in
      func result(_ value: JSONValue) -> [RPCTestServer.Step] { [.send(Answer.result(request, value))] }
      switch method {
      case "chain_getBlockHash":
        let number = first?.uint64Value ?? state.best
        return result(number <= state.best ? .string(chain.hash(number)) : .null)
      case "chain_getFinalizedHead": return result(.string(chain.hash(state.finalized)))
      case "chain_getHeader":
        let number = first?.hexBytes.map { $0.suffix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        return result(chain.header(number ?? state.best))
      case "chain_subscribeNewHeads", "chain_subscribeFinalizedHeads":
        let id = JSONValue(state.subscribers.count + 1)
        state.subscribers.append((method, id, peer))
        // As Substrate does: the current head comes first.
        let current = method == "chain_subscribeNewHeads" ? state.best : state.finalized
        return result(id) + [.send(Answer.item(id, chain.header(current)))]
      case "state_getStorage": return result(JSONValue(hex: [UInt8(truncatingIfNeeded: state.finalized)]))
      case "author_submitExtrinsic":
        let bytes = first ?? .null
        state.submitted.append(bytes)
        guard state.poolHashes.insert(bytes).inserted else {
          return [.send(Answer.error(request, 1013, "Transaction Already Imported"))]
        }
        return result("0x00")
      default: return result(true)
      }
    }
  }
}
