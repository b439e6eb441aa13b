/// The chain's own summaries, by the runtime APIs behind `network_*`.
///
/// Convenient, but laid out differently by each generation; what decides about money is read from storage
/// (``SubnetState``) instead.
public struct NetworkInfo: Sendable {
  let state: BlockState

  /// A summary of a subnet; nil if there is none.
  public func subnet(_ subnet: UInt32) async throws -> ScaleValue? {
    try await read("get_subnet_info", [.id(subnet)], as: "Option<SubnetInfo>").optional()
  }

  public func subnets() async throws -> [ScaleValue] {
    try await read("get_all_subnets_info", [], as: "Vec<SubnetInfo>").elements()
  }

  /// A summary of a node; nil if there is none.
  public func node(_ subnet: UInt32, _ node: UInt32) async throws -> ScaleValue? {
    try await read("get_subnet_node_info", [.id(subnet), .id(node)], as: "Option<SubnetNodeInfo>").optional()
  }

  /// Summaries of all nodes of a subnet, those in its queue included, in no order.
  public func nodes(_ subnet: UInt32) async throws -> [ScaleValue] {
    try await read("get_subnet_nodes_info", [.id(subnet)], as: "Vec<SubnetNodeInfo>").elements()
  }

  /// Official bootnodes, and the bootnode peers of nodes.
  public func bootnodes(_ subnet: UInt32) async throws -> ScaleValue {
    try await read("get_bootnodes", [.id(subnet)], as: "AllSubnetBootnodes")
  }

  /// Who may attest: the emergency set if there is one, else the nodes of Validator class.
  public func validatorsAndAttestors(_ subnet: UInt32) async throws -> [ScaleValue] {
    try await read("get_validators_and_attestors", [.id(subnet)], as: "Vec<SubnetNodeInfo>").elements()
  }

  public func electedValidator(_ subnet: UInt32, epoch: UInt32) async throws -> ScaleValue? {
    try await read("get_elected_validator_info", [.id(subnet), .id(epoch)], as: "Option<SubnetNodeInfo>").optional()
  }

  private func read(_ method: String, _ arguments: [ScaleValue], as type: String) async throws -> ScaleValue {
    let metadata = try await state.metadata()
    var writer = ScaleWriter()
    for argument in arguments { writer.write(try argument.integer(as: UInt32.self)) }
    let output = try await state.callRaw("NetworkRuntimeApi_\(method)", writer.bytes)
    // The API returns the encoded result as a byte vector.
    var reader = ScaleReader(output)
    let bytes = try reader.readByteSequence()
    try reader.finish()
    return try NetworkLayouts.decode(bytes, as: type, try Generation(metadata))
  }
}

extension BlockState {
  /// The chain's own summaries after this block.
  public var networkInfo: NetworkInfo { NetworkInfo(state: self) }
}
