import Substrate

/// Calls that make and end subnets, and those of their owners.
extension Network {
  static func registerSubnet(
    _ runtime: inout Runtime, _ origin: Origin, _ maximumCost: UInt128, _ data: SubnetRegistrationData
  ) throws {
    let owner = try runtime.signer(origin)
    try check(data, runtime)
    let cost = runtime.registrationCost
    try runtime.require(maximumCost >= cost, .costGreaterThanMaxCost)
    runtime.storage[items.lastRegistrationCost()] = FixedPoint.multiply(
      cost, runtime.storage[items.newRegistrationCostMultiplier()])
    runtime.storage[items.lastSubnetRegistrationBlock()] = runtime.block
    if cost > 0 {
      try runtime.require(runtime.canWithdraw(owner, cost), .notEnoughBalanceToRegisterSubnet)
      try runtime.transfer(from: owner, to: treasury, cost, keepAlive: true)
    }
    let subnet = runtime.storage[items.totalSubnetUids()].saturatingAdding(1)
    runtime.storage[items.totalSubnetUids()] = subnet
    let slot = try assignSlot(to: subnet, &runtime)
    let friendly = slot - RuntimeParameters.designatedEpochSlots + 1
    runtime.storage.set(items.subnetIdFriendlyUid(subnet), friendly)
    runtime.storage.set(items.friendlyUidSubnetId(friendly), subnet)

    var stored = SubnetData()
    stored.id = subnet
    stored.friendlyID = friendly
    stored.name = data.name
    stored.repo = data.repo
    stored.summary = data.summary
    stored.misc = data.misc
    // Until it is activated.
    stored.startEpoch = .max
    runtime.storage.set(items.subnetsData(subnet), stored)
    runtime.storage.set(items.subnetOwner(subnet), owner)
    runtime.storage[items.subnetMinStakeBalance(subnet)] = data.minimumStake
    runtime.storage[items.subnetMaxStakeBalance(subnet)] = data.maximumStake
    runtime.storage[items.subnetDelegateStakeRewardsPercentage(subnet)] = data.delegateStakePercentage
    runtime.storage.set(items.subnetRegistrationInitialColdkeys(subnet), data.initialColdkeys)
    runtime.storage[items.subnetBootnodes(subnet)] = data.bootnodes
    runtime.storage.set(items.subnetName(data.name), subnet)
    runtime.storage.set(items.subnetRepo(data.repo), subnet)
    runtime.storage.set(items.subnetRegistrationEpoch(subnet), runtime.epoch)
    runtime.increment(items.totalSubnets())
    runtime.deposit(index, events.subnetRegistered(owner, data.name, subnet))
  }

  private static func check(_ data: SubnetRegistrationData, _ runtime: Runtime) throws(NetworkError) {
    let storage = runtime.storage
    try runtime.require(!storage.contains(items.subnetName(data.name)), .subnetNameExist)
    try runtime.require(
      storage.keys(items.subnetsData.prefix).count <= Int(storage[items.maxSubnets()]), .maxSubnets)
    try runtime.require(!storage.contains(items.subnetRepo(data.repo)), .subnetRepoExist)
    try runtime.require(!data.bootnodes.isEmpty, .bootnodesEmpty)
    try runtime.require(data.bootnodes.count <= Int(storage[items.maxBootnodes()]), .tooManyBootnodes)
    for (peer, multiaddr) in data.bootnodes.entries {
      try MultiaddrRules.check(multiaddr.bytes)
      try runtime.require(peer.isValid, .invalidBootnodePeerId)
    }
    let least = storage[items.minSubnetMinStake()]
    try runtime.require(
      data.minimumStake >= least && data.minimumStake <= storage[items.maxSubnetMinStake()], .invalidSubnetMinStake)
    try runtime.require(data.maximumStake <= storage[items.networkMaxStakeBalance()], .invalidSubnetMaxStake)
    try runtime.require(data.minimumStake <= data.maximumStake, .invalidSubnetStakeParameters)
    try runtime.require(
      data.delegateStakePercentage >= storage[items.minDelegateStakePercentage()]
        && data.delegateStakePercentage <= storage[items.maxDelegateStakePercentage()],
      .invalidMinDelegateStakePercentage)
    try runtime.require(
      data.initialColdkeys.values.allSatisfy { $0 >= 1 }
        && data.initialColdkeys.count >= storage[items.minSubnetNodes()],
      .invalidSubnetRegistrationInitialColdkeys)
  }

  /// Gives a subnet the first block of an epoch that is free.
  private static func assignSlot(to subnet: UInt32, _ runtime: inout Runtime) throws(NetworkError) -> UInt32 {
    var assigned = runtime.storage[items.assignedSlots()]
    let slots = RuntimeParameters.designatedEpochSlots..<runtime.parameters.epochLength
    guard let free = slots.first(where: { !assigned.contains($0) }) else { throw .noAvailableSlots }
    assigned.insert(free)
    runtime.storage[items.assignedSlots()] = assigned
    runtime.storage.set(items.subnetSlot(subnet), free)
    runtime.storage.set(items.slotAssignment(free), subnet)
    return free
  }

  static func activateSubnet(_ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32) throws {
    let signer = try runtime.signer(origin)
    try runtime.requireOwner(signer, subnet)
    guard var data = runtime.storage.stored(items.subnetsData(subnet)) else { throw NetworkError.invalidSubnetId }
    try runtime.require(data.state == .registered, .subnetActivatedAlready)
    guard let registered = runtime.storage.stored(items.subnetRegistrationEpoch(subnet)),
      registered.saturatingAdding(runtime.storage[items.minSubnetRegistrationEpochs()]) <= runtime.epoch
    else { throw NetworkError.minSubnetRegistrationEpochsNotMet }
    let lastRegistration = registered.saturatingAdding(runtime.storage[items.subnetRegistrationEpochs()])
    let lastEnactment = lastRegistration.saturatingAdding(runtime.storage[items.subnetEnactmentEpochs()])
    if runtime.epoch > lastEnactment { return runtime.removeSubnet(subnet, .enactmentPeriod) }
    if let reason = runtime.reasonAgainstActivation(of: subnet) {
      // While nodes may still register it can be mended; later it can't.
      try runtime.require(runtime.epoch > lastRegistration, .subnetActivationConditionsNotMetYet)
      return runtime.removeSubnet(subnet, reason)
    }
    data.state = .active
    data.startEpoch = runtime.epoch + 1
    runtime.storage.set(items.subnetsData(subnet), data)
    runtime.increment(items.totalActiveSubnets())
    runtime.storage.remove(items.subnetRegistrationEpoch(subnet))
    runtime.storage.remove(items.subnetRegistrationInitialColdkeys(subnet))
    runtime.storage.remove(items.initialColdkeyData(subnet))
    runtime.storage[items.lastSubnetDelegateStakeRewardsUpdate(subnet)] = runtime.block
    runtime.storage[items.previousSubnetPauseEpoch(subnet)] = runtime.epoch
    runtime.storage[items.prevSubnetActivationEpoch()] = runtime.epoch
    runtime.deposit(index, events.subnetActivated(subnet))
  }
}

extension Runtime {
  /// What registering a subnet costs now; it falls with time since the last one.
  var registrationCost: UInt128 {
    let last = storage[Network.items.lastRegistrationCost()]
    let least = storage[Network.items.minRegistrationCost()]
    let decay = storage[Network.items.registrationCostDecayBlocks()]
    let passed = block.saturatingSubtracting(storage[Network.items.lastSubnetRegistrationBlock()])
    if decay == 0 || last <= least { return max(last, least) }
    if passed >= decay { return least }
    let left = FixedPoint.divide(UInt128(decay - passed), UInt128(decay))
    let factor = FixedPoint.power(
      FixedPoint.double(left), FixedPoint.double(storage[Network.items.registrationCostAlpha()]))
    return least.saturatingAdding(FixedPoint.clamped(Double(last - least) * factor))
  }

  fileprivate func reasonAgainstActivation(of subnet: UInt32) -> SubnetRemovalReason? {
    if storage[Network.items.subnetReputation(subnet)] < storage[Network.items.minSubnetReputation()] {
      return .minReputation
    }
    if storage[Network.items.totalActiveSubnetNodes(subnet)] < storage[Network.items.minSubnetNodes()] {
      return .minSubnetNodes
    }
    if storage[Network.items.totalSubnetDelegateStakeBalance(subnet)] < minimumDelegateStake(of: subnet) {
      return .minSubnetDelegateStake
    }
    return nil
  }

  /// The account that signed, unless the network is paused.
  func signer(_ origin: Origin) throws -> AccountID {
    let signer = try origin.signer()
    try require(!storage[Network.items.txPause()], .paused)
    return signer
  }

  func requireOwner(_ account: AccountID, _ subnet: UInt32) throws(NetworkError) {
    try require(storage.stored(Network.items.subnetOwner(subnet)) == account, .notSubnetOwner)
  }
}
