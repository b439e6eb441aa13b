/// What a subnet is registered with.
public struct SubnetRegistration: Sendable, Hashable {
  public var name: String
  public var repo: String
  public var description: String
  public var misc: String
  public var minimumStake: Planck
  public var maximumStake: Planck
  public var delegateStakePercentage: FixedU128
  /// Who may register nodes before the subnet is active, and how many. In generation C these are validators.
  public var initialColdkeys: [AccountID: UInt32]
  public var initialValidators: [UInt32: UInt32]
  public var bootnodes: [SubnetState.Bootnode]

  public init(
    name: String, repo: String, description: String = "", misc: String = "", minimumStake: Planck,
    maximumStake: Planck, delegateStakePercentage: FixedU128, initialColdkeys: [AccountID: UInt32] = [:],
    initialValidators: [UInt32: UInt32] = [:], bootnodes: [SubnetState.Bootnode] = []
  ) {
    self.name = name
    self.repo = repo
    self.description = description
    self.misc = misc
    self.minimumStake = minimumStake
    self.maximumStake = maximumStake
    self.delegateStakePercentage = delegateStakePercentage
    self.initialColdkeys = initialColdkeys
    self.initialValidators = initialValidators
    self.bootnodes = bootnodes
  }

  /// The fields that this library can fill, in the spellings of all generations.
  private func field(_ name: String, _ generation: Generation) -> ScaleValue? {
    switch name {
    case "name": .utf8(self.name)
    case "repo": .utf8(repo)
    case "description": .utf8(description)
    case "misc": .utf8(misc)
    case "min_stake": minimumStake.scaleValue
    case "max_stake": maximumStake.scaleValue
    case "delegate_stake_percentage": delegateStakePercentage.scaleValue
    case "initial_coldkeys":
      .sequence(initialColdkeys.map { .tuple([.account($0.key), .id($0.value)]) })
    case "initial_validators": .sequence(initialValidators.map { .tuple([.id($0.key), .id($0.value)]) })
    // Generation A only; peers of all its kinds are let in.
    case "key_types": .sequence([.text("Rsa"), .text("Ed25519"), .text("Secp256k1"), .text("Ecdsa")])
    case "bootnodes":
      .sequence(
        bootnodes.map { bootnode in
          generation == .a
            ? .bytes(bootnode.multiaddr)
            : .tuple([.utf8(bootnode.peerID ?? ""), .bytes(bootnode.multiaddr)])
        })
    default: nil
    }
  }

  /// The structure as the runtime declares it; a field that this build can't fill is refused by name.
  func value(_ metadata: RuntimeMetadata) throws -> ScaleValue {
    let generation = try Generation(metadata)
    let call = try metadata.call("Network", "register_subnet")
    guard let argument = call.arguments.first(where: { $0.name == "subnet_data" }),
      case .composite(let fields) = try metadata.types.type(argument.type).definition
    else { throw MetadataError(.unsupported, "Network.register_subnet takes no subnet_data") }
    return .fields(
      try fields.map { declared in
        let name = declared.name ?? ""
        if let value = field(name, generation) { return ScaleValue.Field(name, value) }
        if try metadata.types.type(declared.type).path == ["Option"] { return ScaleValue.Field(name, .option(nil)) }
        throw MetadataError(
          .unsupported, "registering a subnet wants \(name): \(metadata.types.name(of: declared.type))",
          remedy: "Update validatord.")
      })
  }
}

/// Subnets, signed by their owner.
extension HypertensorCall {
  /// - Parameter maximumCost: the most that may be paid to the treasury.
  public static func registerSubnet(
    _ subnet: SubnetRegistration, maximumCost: Planck, metadata: RuntimeMetadata
  ) throws -> HypertensorCall {
    HypertensorCall(
      CallName("Network", "register_subnet"),
      [
        CallArgument("max_cost", maximumCost.scaleValue),
        CallArgument("subnet_data", try subnet.value(metadata)),
      ])
  }

  public static func activateSubnet(_ subnet: UInt32) -> HypertensorCall { owner("activate_subnet", subnet) }
  public static func pauseSubnet(_ subnet: UInt32) -> HypertensorCall { owner("owner_pause_subnet", subnet) }
  public static func unpauseSubnet(_ subnet: UInt32) -> HypertensorCall { owner("owner_unpause_subnet", subnet) }
  public static func deactivateSubnet(_ subnet: UInt32) -> HypertensorCall { owner("owner_deactivate_subnet", subnet) }

  private static func owner(_ call: String, _ subnet: UInt32) -> HypertensorCall {
    HypertensorCall(CallName("Network", call), [CallArgument("subnet_id", .id(subnet))])
  }
}
