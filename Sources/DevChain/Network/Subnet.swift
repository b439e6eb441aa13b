import Substrate

/// Where a subnet is in its life.
enum SubnetState: UInt8, RuntimeEnum {
  case registered, active, paused
  static let path = NetworkPath.of("SubnetState")
}

/// A subnet as the chain stores it.
struct SubnetData: RuntimeStruct {
  static let path = NetworkPath.of("SubnetData")
  static let fields: [StructField<SubnetData>] = [
    .init("id", \.id), .init("friendly_id", \.friendlyID), .init("name", \.name), .init("repo", \.repo),
    .init("description", \.summary), .init("misc", \.misc), .init("state", \.state),
    .init("start_epoch", \.startEpoch),
  ]

  var id: UInt32 = 0
  var friendlyID: UInt32 = 0
  var name: [UInt8] = []
  var repo: [UInt8] = []
  var summary: [UInt8] = []
  var misc: [UInt8] = []
  var state = SubnetState.registered
  /// The general epoch from which it counts as started; the greatest number before its activation.
  var startEpoch: UInt32 = 0
}

/// What a subnet is registered with.
struct SubnetRegistrationData: RuntimeStruct {
  static let path = NetworkPath.of("RegistrationSubnetData")
  static let fields: [StructField<SubnetRegistrationData>] = [
    .init("name", \.name), .init("repo", \.repo), .init("description", \.summary), .init("misc", \.misc),
    .init("min_stake", \.minimumStake), .init("max_stake", \.maximumStake),
    .init("delegate_stake_percentage", \.delegateStakePercentage), .init("initial_coldkeys", \.initialColdkeys),
    .init("bootnodes", \.bootnodes),
  ]

  var name: [UInt8] = []
  var repo: [UInt8] = []
  var summary: [UInt8] = []
  var misc: [UInt8] = []
  var minimumStake: UInt128 = 0
  var maximumStake: UInt128 = 0
  var delegateStakePercentage: UInt128 = 0
  /// Who may register nodes before the activation, and how many each.
  var initialColdkeys = SortedMap<AccountID, UInt32>()
  var bootnodes = SortedMap<OpaquePeerID, Bytes1024>()
}

/// Why a subnet was removed.
enum SubnetRemovalReason: UInt8, RuntimeEnum {
  case minReputation, minSubnetNodes, minSubnetDelegateStake, council, enactmentPeriod, maxSubnets, owner, pauseExpired
  static let path = NetworkPath.of("SubnetRemovalReason")
}

/// The parts of a subnet's weight in the emission.
struct SubnetWeightFactors: RuntimeStruct {
  static let path = NetworkPath.of("SubnetWeightFactorsData")
  static let fields: [StructField<SubnetWeightFactors>] = [
    .init("delegate_stake", \.delegateStake), .init("node_count", \.nodeCount), .init("net_flow", \.netFlow),
  ]

  var delegateStake: UInt128 = 400_000_000_000_000_000
  var nodeCount: UInt128 = 400_000_000_000_000_000
  var netFlow: UInt128 = 200_000_000_000_000_000
}

/// The module path of the pallet's types.
enum NetworkPath {
  static func of(_ name: String) -> [String] { ["pallet_network", "pallet", name] }
}
