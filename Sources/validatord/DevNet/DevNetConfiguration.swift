import LibP2P
import Substrate

/// The configuration of the network's daemons, as the files that they read.
struct DevNetConfiguration: Sendable {
  let rpc: String
  let genesisHash: BlockHash
  let bootnode: Multiaddr
  /// How long a call may take: two must fit into the blocks in which validators call.
  let callTimeout: Duration
  /// What the nodes' routes files have; nil for nodes without.
  let routes: String?

  /// Token ids of the models.
  static let vocabulary = 1024
  /// Windows in percent of an epoch. An epoch is so short here that validators get more of it for their calls than they
  /// need where blocks take seconds.
  static let (commitFrom, commitUntil, callUntil, scoreUntil) = (15, 40, 85, 95)
  /// The node that is given no peer to begin with: it lives on the addresses and bootnodes that stand on chain.
  private static let unguided = "validator-3"
  /// How often validators try.
  private static let attempts = 2

  init(rpc: String, genesisHash: BlockHash, bootnode: Multiaddr, _ options: DevNetOptions) throws {
    routes = try options.routes
    self.rpc = rpc
    self.genesisHash = genesisHash
    self.bootnode = bootnode
    let window = Int64(options.blocksPerEpoch) * options.blockTime * Int64(Self.callUntil - Self.commitUntil) / 100
    // What is left of the window is for noticing that it has begun, and for reading the chain.
    callTimeout = .milliseconds(max(100, window * 2 / 5))
  }

  func text(for node: DevNetNode, model: String) throws -> String {
    let bootstrap = node.name == Self.unguided ? "" : Self.quoted(bootnode.description)
    var sections: [(String, [(String, String)])] = [
      (
        "chain",
        [
          ("rpc", "[\(Self.quoted(rpc))]"), ("subnet", "\(DevNetPlan.subnet)"),
          ("genesis", Self.quoted("\(genesisHash)")),
        ]
      ),
      ("node", [("peer-key", "peer.key"), ("hotkey", "hot.key"), ("data", "data")]),
      (
        "p2p",
        [
          ("listen", "[\(Self.quoted(node.address.description))]"), ("bootstrap", "[\(bootstrap)]"),
        ]
      ),
      ("operations", [("listen", Self.quoted("127.0.0.1:0"))]),
      ("log", [("level", "debug")]),
      (
        "epoch",
        [
          ("vocabulary", "\(Self.vocabulary)"), ("commit-from", "\(Self.commitFrom)"),
          ("commit-until", "\(Self.commitUntil)"), ("call-until", "\(Self.callUntil)"),
          ("score-until", "\(Self.scoreUntil)"),
        ]
      ),
    ]
    if routes != nil { sections.append(("api", [("routes", "routes.json")])) }
    if node.role.isHoster {
      sections.append(("hoster", [("backend", "gpt2"), ("model", Self.quoted(model)), ("workers", "1")]))
    } else {
      sections.append(
        ("validator", [("attempts", "\(Self.attempts)"), ("call-timeout", Self.quoted(Self.text(callTimeout)))]))
    }
    return sections.map { name, keys in
      "\(name):\n" + keys.map { "  \($0): \($1)\n" }.joined()
    }.joined()
  }

  private static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000) ms"
  }

  /// Text as YAML has it between quotes; JSON's quoting is a part of it.
  private static func quoted(_ text: String) -> String { JSONValue.string(text).description }
}
