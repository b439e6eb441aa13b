import Testing

@testable import Substrate

/// Metadata as generation C declares it (spec/chain.md §1 and §7): no binary of it was published, so that of
/// generation B is rewritten with the calls and the runtime API that its source has.
enum GenerationC {
  static func metadata(_ version: Int = 15) throws -> RuntimeMetadata {
    let base = try RecordedChain.february.metadata(version)
    var types = base.types.types
    let calls = Int(try #require(base.pallet(ifPresent: "Network")?.calls))
    let byName = Dictionary(uniqueKeysWithValues: types[calls].variants.map { ($0.name, $0) })
    func type(_ call: String, _ argument: String) throws -> TypeID {
      try #require(byName[call]?.fields.first { $0.name == argument }?.type)
    }
    let u32 = try type("attest", "subnet_id")
    let account = try type("register_subnet_node", "hotkey")
    let u128 = try type("register_subnet_node", "stake_to_be_added")
    let bytes = try type("attest", "attest_data")
    let optionalAccount = try type("update_delegate_account", "delegate_account_id")
    let peer = try type("register_subnet_node", "peer_info")
    let optionalPeer = try type("register_subnet_node", "client_peer_info")
    let delegate = try type("register_subnet_node", "delegate_account")
    let scores = try type("propose_attestation", "data")
    let optionalID = try type("propose_attestation", "prioritize_queue_node_id")

    let changed: [(old: String?, new: String, [(String, TypeID)])] = [
      (
        "propose_attestation", "propose_attestation",
        [
          ("subnet_id", u32), ("subnet_node_id", u32), ("data", scores), ("prioritize_queue_node_id", optionalID),
          ("remove_queue_node_id", optionalID), ("args", bytes), ("attest_data", bytes),
        ]
      ),
      ("attest", "attest", [("subnet_id", u32), ("subnet_node_id", u32), ("data", bytes)]),
      (
        nil, "register_validator",
        [("hotkey", account), ("delegate_reward_rate", u128), ("delegate_account", delegate), ("identity", bytes)]
      ),
      (
        "register_subnet_node", "register_subnet_node",
        [
          ("validator_id", u32), ("subnet_id", u32), ("hotkey", optionalAccount), ("peer_info", peer),
          ("bootnode_peer_info", optionalPeer), ("client_peer_info", optionalPeer), ("stake_to_be_added", u128),
          ("unique", bytes), ("non_unique", bytes), ("max_burn_amount", u128),
        ]
      ),
      ("add_stake", "add_node_stake", [("subnet_id", u32), ("subnet_node_id", u32), ("stake_to_be_added", u128)]),
      (
        "remove_stake", "remove_node_stake",
        [("subnet_id", u32), ("subnet_node_id", u32), ("stake_to_be_removed", u128)]
      ),
      (
        "update_peer_info", "update_node_peer_info",
        [("subnet_id", u32), ("subnet_node_id", u32), ("new_peer_info", peer)]
      ),
      ("update_unique", "update_node_unique", [("subnet_id", u32), ("subnet_node_id", u32), ("unique", bytes)]),
      ("add_to_delegate_stake", "add_delegate_stake", [("subnet_id", u32), ("stake_to_be_added", u128)]),
    ]
    var variants = types[calls].variants.filter { variant in !changed.contains { $0.old == variant.name } }
    for (offset, call) in changed.enumerated() {
      variants.append(
        PortableType.Variant(
          name: call.new,
          fields: call.2.map { PortableType.Field(name: $0.0, type: $0.1, typeName: nil, docs: []) },
          // The indexes moved with the generation, so none is that of B.
          index: UInt8(200 + offset), docs: []))
    }
    types[calls] = PortableType(
      path: types[calls].path, parameters: types[calls].parameters, definition: .variant(variants), docs: [])
    return try RuntimeMetadata(encoded(base, TypeRegistry(types)))
  }

  private static func encoded(_ base: RuntimeMetadata, _ types: TypeRegistry) -> [UInt8] {
    var writer = ScaleWriter()
    writer.write(raw: "meta".utf8)
    writer.write(base.version)
    types.encode(to: &writer)
    writer.write(base.pallets) { $0.encode(to: &$1, version: base.version) }
    base.extrinsic.encode(to: &writer, version: base.version)
    writer.write(type: base.runtime)
    guard base.version >= 15 else { return writer.bytes }
    writer.write(base.apis.map(withValidators)) { $0.encode(to: &$1) }
    for outer in [base.outerCall, base.outerEvent, base.outerError] { writer.write(type: outer ?? 0) }
    writer.write(compact: 0)
    return writer.bytes
  }

  private static func withValidators(_ api: RuntimeAPIMetadata) -> RuntimeAPIMetadata {
    guard api.name == "NetworkRuntimeApi", let proof = api.methods.first(where: { $0.name == "proof_of_stake" }) else {
      return api
    }
    let stakes = RuntimeAPIMetadata.Method(
      name: "get_validator_stakes", inputs: Array(proof.inputs.prefix(1)), output: proof.output, docs: [])
    return RuntimeAPIMetadata(name: api.name, methods: api.methods + [stakes], docs: api.docs)
  }
}
