import Substrate

/// `network_*`: subnets and nodes. All but proof of stake answer with an array of byte values (spec/chain.md §4).
extension DevChainNode {
  static let networkMethods: [String: Method] = [
    "network_proofOfStake": { node, parameters, _ throws(RPCFailure) in try node.proofOfStake(parameters) }
  ]

  mutating func answer(
    _ question: NetworkQuestion, _ parameters: RPCParameters
  ) throws(RPCFailure) -> JSONValue {
    let arguments = try question.arguments.encode(parameters)
    let block = try parameters.block(question.arguments.count)
    let result = try run("NetworkRuntimeApi_\(question.function)", arguments, at: block)
    guard let bytes = try? [UInt8](encoded: result) else { throw .internalError }
    return JSONValue(byteArray: bytes)
  }

  private mutating func proofOfStake(_ parameters: RPCParameters) throws(RPCFailure) -> JSONValue {
    let subnet = try parameters.integer(0, UInt32.self)
    let peer = try parameters.bytes(1)
    let least = try parameters.integer(2, UInt8.self)
    let stake = try parameters.optionalInteger(3, UInt128.self)
    let state = try state(at: parameters.block(4))
    return .bool(state.isStaked(OpaquePeerID(peer), in: subnet, atLeast: least, stake: stake))
  }
}

/// A method of the JSON-RPC, and the runtime function that answers it.
struct NetworkQuestion: Sendable {
  /// What comes before the block.
  enum Arguments: Int, Sendable {
    case none, number, twoNumbers, account

    var count: Int {
      switch self {
      case .none: 0
      case .number, .account: 1
      case .twoNumbers: 2
      }
    }

    func encode(_ parameters: RPCParameters) throws(RPCFailure) -> [UInt8] {
      switch self {
      case .none: return []
      case .number: return try parameters.integer(0, UInt32.self).encoded
      case .twoNumbers:
        let first = try parameters.integer(0, UInt32.self)
        let second = try parameters.integer(1, UInt32.self)
        return first.encoded + second.encoded
      case .account: return try parameters.account(0).bytes
      }
    }
  }

  let method: String
  let function: String
  let arguments: Arguments

  init(_ method: String, _ function: String, _ arguments: Arguments) {
    self.method = method
    self.function = function
    self.arguments = arguments
  }

  static let all = [
    NetworkQuestion("getSubnetInfo", "get_subnet_info", .number),
    NetworkQuestion("getAllSubnetsInfo", "get_all_subnets_info", .none),
    NetworkQuestion("getSubnetNodeInfo", "get_subnet_node_info", .twoNumbers),
    NetworkQuestion("getSubnetNodesInfo", "get_subnet_nodes_info", .number),
    NetworkQuestion("getAllSubnetNodesInfo", "get_all_subnet_nodes_info", .none),
    NetworkQuestion("getBootnodes", "get_bootnodes", .number),
    NetworkQuestion("getColdkeySubnetNodesInfo", "get_coldkey_subnet_nodes_info", .account),
    NetworkQuestion("getColdkeyStakes", "get_coldkey_stakes", .account),
    NetworkQuestion("getDelegateStakes", "get_delegate_stakes", .account),
    NetworkQuestion("getNodeDelegateStakes", "get_node_delegate_stakes", .account),
    NetworkQuestion(
      "getOverwatchCommitsForEpochAndNode", "get_overwatch_commits_for_epoch_and_node", .twoNumbers),
    NetworkQuestion(
      "getOverwatchRevealsForEpochAndNode", "get_overwatch_reveals_for_epoch_and_node", .twoNumbers),
    NetworkQuestion("getElectedValidatorInfo", "get_elected_validator_info", .twoNumbers),
    NetworkQuestion("getValidatorsAndAttestors", "get_validators_and_attestors", .number),
    NetworkQuestion("getAllOverwatchNodesInfo", "get_all_overwatch_nodes_info", .none),
  ]

  /// By the whole name of the method.
  static let byMethod = Dictionary(uniqueKeysWithValues: all.map { ("network_" + $0.method, $0) })
}
