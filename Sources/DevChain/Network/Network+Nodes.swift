import Substrate

/// Calls that make, change and end subnet nodes.
extension Network {
  static func registerSubnetNode(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ hotkey: AccountID, _ peer: PeerInfo,
    _ bootnodePeer: PeerInfo?, _ clientPeer: PeerInfo?, _ delegateRewardRate: UInt128, _ stake: UInt128,
    _ unique: Bytes1024?, _ nonUnique: Bytes1024?, _ delegateAccount: DelegateAccount?, _ maximumBurn: UInt128
  ) throws {
    let coldkey = try runtime.signer(origin)
    let state = try checkRegistration(runtime, subnet, coldkey, hotkey)
    let epoch = runtime.subnetEpoch(subnet)
    runtime.increment(items.totalSubnetNodeUids(subnet))
    var node = SubnetNode()
    node.id = runtime.storage[items.totalSubnetNodeUids(subnet)]
    node.hotkey = hotkey
    for (role, peer) in [(PeerRole.main, peer), (.bootnode, bootnodePeer), (.client, clientPeer)] {
      guard let peer else { continue }
      try runtime.validate(peer, in: subnet)
      runtime.enter(peer, role, subnet, node.id)
    }
    if let unique {
      try runtime.require(
        !runtime.storage.contains(items.uniqueParamSubnetNodeId(subnet, unique)), .subnetNodeUniqueParamTaken)
      runtime.storage[items.uniqueParamSubnetNodeId(subnet, unique)] = node.id
    }
    if let delegateAccount { try check(delegateAccount, runtime, hotkey, coldkey) }
    try runtime.require(runtime.storage[items.accountSubnetStake(hotkey, subnet)] == 0, .mustUnstakeToRegister)
    var hotkeys = runtime.storage[items.coldkeyHotkeys(coldkey)]
    try runtime.require(!hotkeys.contains(hotkey), .hotkeyAlreadyRegisteredToColdkey)
    try runtime.require(delegateRewardRate <= FixedPoint.one, .invalidDelegateRewardRate)
    let burn = runtime.burnAmount(in: subnet)
    try runtime.require(burn <= maximumBurn, .maxBurnAmountExceeded)
    try runtime.withdraw(coldkey, burn, or: .balanceBurnError)
    runtime.increment(items.nodeRegistrationsThisEpoch(subnet))
    try runtime.addStake(coldkey, hotkey, subnet, stake)

    runtime.storage.set(items.hotkeySubnetNodeId(subnet, hotkey), node.id)
    runtime.storage.set(items.subnetNodeIdHotkey(subnet, node.id), hotkey)
    runtime.storage.set(items.hotkeySubnetId(hotkey), subnet)
    runtime.storage[items.hotkeyOwner(hotkey)] = coldkey
    hotkeys.insert(hotkey)
    runtime.storage[items.coldkeyHotkeys(coldkey)] = hotkeys
    runtime.own(coldkey, subnet, node.id)
    runtime.increment(items.totalSubnetNodes(subnet))
    runtime.increment(items.totalNodes())
    runtime.forgetRemovedSubnets(of: coldkey)

    node.peer = peer
    node.bootnodePeer = bootnodePeer
    node.clientPeer = clientPeer
    node.classification.startEpoch = epoch + 1
    node.delegateRewardRate = delegateRewardRate
    node.lastDelegateRewardRateUpdate = delegateRewardRate > 0 ? runtime.block : 0
    node.unique = unique
    node.nonUnique = nonUnique
    node.delegateAccount = delegateAccount
    if state == .registered {
      try join(node, runtime: &runtime, subnet, coldkey, epoch)
    } else {
      runtime.storage[items.registeredSubnetNodesData(subnet, node.id)] = node
      runtime.storage[items.subnetNodeQueue(subnet)].append(node)
      runtime.deposit(index, events.subnetNodeRegistered(subnet, node.id, coldkey, hotkey, node))
    }
  }

  /// Who joins before the subnet starts becomes a validator at once.
  private static func join(
    _ node: SubnetNode, runtime: inout Runtime, _ subnet: UInt32, _ coldkey: AccountID, _ epoch: UInt32
  ) throws {
    try runtime.require(
      runtime.storage[items.totalActiveSubnetNodes(subnet)] < runtime.storage[items.maxSubnetNodes()],
      .maxRegisteredNodes)
    runtime.activate(node, in: subnet, as: .validator, from: epoch)
    var registered = runtime.storage.stored(items.initialColdkeyData(subnet)) ?? SortedMap()
    registered[coldkey] = (registered[coldkey] ?? 0).saturatingAdding(1)
    runtime.storage.set(items.initialColdkeyData(subnet), registered)
  }

  private static func checkRegistration(
    _ runtime: Runtime, _ subnet: UInt32, _ coldkey: AccountID, _ hotkey: AccountID
  ) throws(NetworkError) -> SubnetState {
    guard let data = runtime.storage.stored(items.subnetsData(subnet)) else { throw .invalidSubnetId }
    try runtime.require(coldkey != hotkey, .coldkeyMatchesHotkey)
    try runtime.require(data.state != .paused, .subnetIsPaused)
    try runtime.require(!runtime.storage.contains(items.hotkeyOwner(hotkey)), .hotkeyHasOwner)
    try runtime.require(!runtime.storage.contains(items.hotkeySubnetId(hotkey)), .hotkeyHasOwner)
    if data.state == .registered, let registered = runtime.storage.stored(items.subnetRegistrationEpoch(subnet)) {
      let last = registered.saturatingAdding(runtime.storage[items.subnetRegistrationEpochs()])
      let isEnactment =
        runtime.epoch > last && runtime.epoch <= last.saturatingAdding(runtime.storage[items.subnetEnactmentEpochs()])
      try runtime.require(!isEnactment, .subnetMustBeRegisteringOrActivated)
    }
    if let invited = runtime.storage.stored(items.subnetRegistrationInitialColdkeys(subnet)) {
      guard let most = invited[coldkey] else { throw .coldkeyRegistrationWhitelist }
      let now = runtime.storage.stored(items.initialColdkeyData(subnet))?[coldkey] ?? 0
      try runtime.require(now < most, .maxRegisteredNodes)
    }
    try runtime.require(
      runtime.storage[items.subnetNodeQueue(subnet)].count <= runtime.storage[items.maxRegisteredNodes(subnet)],
      .maxRegisteredNodes)
    return data.state
  }

  private static func check(
    _ delegate: DelegateAccount, _ runtime: Runtime, _ hotkey: AccountID, _ coldkey: AccountID
  ) throws(NetworkError) {
    try runtime.require(delegate.account != hotkey, .delegateAccountCannotBeHotkey)
    try runtime.require(delegate.account != coldkey, .delegateAccountCannotBeColdkey)
    try runtime.require(delegate.rate > 0 && delegate.rate <= FixedPoint.one, .invalidDelegateAccountRate)
  }

  static func removeSubnetNode(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32
  ) throws {
    let signer = try runtime.signer(origin)
    try runtime.require(runtime.ownsKeys(signer, subnet, node), .notKeyOwner)
    try runtime.require(!runtime.isElected(subnet, node), .electedValidatorCannotRemove)
    runtime.removeNode(subnet, node)
  }

  // MARK: Updates

  static func updatePeerInfo(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ peer: PeerInfo
  ) throws {
    try runtime.requireColdkey(origin, subnet, node)
    try runtime.update(.main, subnet, node, to: peer)
    runtime.deposit(index, events.subnetNodeUpdatePeerInfo(subnet, node, peer))
  }

  static func updateBootnodePeerInfo(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ peer: PeerInfo?
  ) throws {
    try runtime.requireColdkey(origin, subnet, node)
    try runtime.update(.bootnode, subnet, node, to: peer)
    runtime.deposit(index, events.subnetNodeUpdateBootnodePeerInfo(subnet, node, peer))
  }

  static func updateClientPeerInfo(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ peer: PeerInfo?
  ) throws {
    try runtime.requireColdkey(origin, subnet, node)
    try runtime.update(.client, subnet, node, to: peer)
    runtime.deposit(index, events.subnetNodeUpdateClientPeerInfo(subnet, node, peer))
  }

  static func updateDelegateAccount(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ account: AccountID?,
    _ rate: UInt128?
  ) throws {
    let coldkey = try runtime.requireColdkey(origin, subnet, node)
    var updated: DelegateAccount?
    try runtime.update(subnet, node) { runtime, data in
      try runtime.require(account != nil || rate != nil, .invalidDelegateAccountParameters)
      guard let account = account ?? data.delegateAccount?.account else { throw NetworkError.delegateAccountIdIsNone }
      guard let rate = rate ?? data.delegateAccount?.rate else { throw NetworkError.delegateAccountRateIsNone }
      var delegate = DelegateAccount()
      delegate.account = account
      delegate.rate = rate
      try check(delegate, runtime, data.hotkey, coldkey)
      data.delegateAccount = delegate
      updated = delegate
    }
    runtime.deposit(index, events.subnetNodeUpdateDelegateAccount(subnet, node, updated))
  }

  static func updateNodeDelegateRewardRate(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ rate: UInt128
  ) throws {
    try runtime.requireColdkey(origin, subnet, node)
    try runtime.require(
      rate <= FixedPoint.one && rate <= runtime.storage[items.maxDelegateStakePercentage()], .invalidDelegateRewardRate)
    try runtime.update(subnet, node) { runtime, data in
      let passed = runtime.block.saturatingSubtracting(data.lastDelegateRewardRateUpdate)
      try runtime.require(passed >= runtime.storage[items.nodeRewardRateUpdatePeriod()], .maxRewardRateUpdates)
      try runtime.require(rate != data.delegateRewardRate, .noDelegateRewardRateChange)
      try runtime.require(
        data.delegateRewardRate.saturatingSubtracting(rate) <= runtime.storage[items.maxRewardRateDecrease()],
        .surpassesMaxRewardRateDecrease)
      data.lastDelegateRewardRateUpdate = runtime.block
      data.delegateRewardRate = rate
    }
    runtime.deposit(index, events.subnetNodeUpdateDelegateRewardRate(subnet, node, rate))
  }

  static func updateUnique(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ unique: Bytes1024?
  ) throws {
    try runtime.require(runtime.ownsKeys(runtime.signer(origin), subnet, node), .notKeyOwner)
    try runtime.update(subnet, node) { runtime, data in
      if let old = data.unique { runtime.storage.remove(items.uniqueParamSubnetNodeId(subnet, old)) }
      if let unique {
        let owner = runtime.storage.stored(items.uniqueParamSubnetNodeId(subnet, unique))
        try runtime.require(owner == nil || owner == node, .uniqueParameterTaken)
        runtime.storage[items.uniqueParamSubnetNodeId(subnet, unique)] = node
      }
      data.unique = unique
    }
    runtime.deposit(index, events.subnetNodeUpdateUnique(subnet, node, unique))
  }

  static func updateNonUnique(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ nonUnique: Bytes1024?
  ) throws {
    try runtime.require(runtime.ownsKeys(runtime.signer(origin), subnet, node), .notKeyOwner)
    try runtime.update(subnet, node) { _, data in data.nonUnique = nonUnique }
    runtime.deposit(index, events.subnetNodeUpdateNonUnique(subnet, node, nonUnique))
  }
}

extension Runtime {
  func coldkey(_ subnet: UInt32, _ node: UInt32) -> AccountID? {
    storage.stored(Network.items.subnetNodeIdHotkey(subnet, node)).flatMap {
      storage.stored(Network.items.hotkeyOwner($0))
    }
  }

  func ownsKeys(_ account: AccountID, _ subnet: UInt32, _ node: UInt32) -> Bool {
    guard let coldkey = coldkey(subnet, node) else { return false }
    return account == coldkey || account == storage.stored(Network.items.subnetNodeIdHotkey(subnet, node))
  }

  @discardableResult
  func requireColdkey(_ origin: Origin, _ subnet: UInt32, _ node: UInt32) throws -> AccountID {
    let signer = try signer(origin)
    try require(coldkey(subnet, node) == signer, .notKeyOwner)
    return signer
  }

  /// Whether the node is the one elected for the running epoch.
  func isElected(_ subnet: UInt32, _ node: UInt32) -> Bool {
    storage.stored(Network.items.subnetElectedValidator(subnet, subnetEpoch(subnet))) == node
  }

  mutating func own(_ coldkey: AccountID, _ subnet: UInt32, _ node: UInt32) {
    var nodes = storage[Network.items.coldkeySubnetNodes(coldkey)]
    var ids = nodes[subnet] ?? SortedSet()
    ids.insert(node)
    nodes[subnet] = ids
    storage[Network.items.coldkeySubnetNodes(coldkey)] = nodes
  }

  mutating func forgetRemovedSubnets(of coldkey: AccountID) {
    var nodes = storage[Network.items.coldkeySubnetNodes(coldkey)]
    for subnet in nodes.keys where !storage.contains(Network.items.subnetsData(subnet)) { nodes[subnet] = nil }
    storage[Network.items.coldkeySubnetNodes(coldkey)] = nodes
  }
}
