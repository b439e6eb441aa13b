import Substrate

/// Calls that move stake, and keys.
extension Network {
  static func addStake(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ hotkey: AccountID,
    _ amount: UInt128
  ) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(runtime.storage.contains(items.subnetsData(subnet)), .invalidSubnetId)
    try runtime.require(runtime.storage[items.hotkeyOwner(hotkey)] == coldkey, .notKeyOwner)
    try runtime.addStake(coldkey, hotkey, subnet, amount)
  }

  static func removeStake(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ hotkey: AccountID, _ amount: UInt128
  ) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(runtime.storage[items.hotkeyOwner(hotkey)] == coldkey, .notKeyOwner)
    let node = runtime.storage.stored(items.hotkeySubnetNodeId(subnet, hotkey))
    if let node {
      try runtime.require(!runtime.isElected(subnet, node), .electedValidatorCannotUnstake)
      if let data = runtime.storage.stored(items.subnetNodesData(subnet, node)) {
        let free = data.classification.startEpoch.saturatingAdding(runtime.storage[items.minActiveNodeStakeEpochs()])
        try runtime.require(free <= runtime.subnetEpoch(subnet), .minActiveNodeStakeEpochs)
      }
    }
    let stake = runtime.storage[items.accountSubnetStake(hotkey, subnet)]
    try runtime.require(amount > 0, .amountZero)
    try runtime.require(stake >= amount, .notEnoughStakeToWithdraw)
    if node != nil {
      try runtime.require(stake - amount >= runtime.storage[items.subnetMinStakeBalance(subnet)], .minStakeNotReached)
    } else if amount == stake {
      runtime.storage.remove(items.hotkeySubnetId(hotkey))
      runtime.storage[items.coldkeyHotkeys(coldkey)].remove(hotkey)
      runtime.storage.remove(items.hotkeyOwner(hotkey))
      runtime.forgetRemovedSubnets(of: coldkey)
    }
    try runtime.checkRate(coldkey)
    runtime.decreaseStake(hotkey, subnet, amount)
    try runtime.unbond(coldkey, amount, epochs: runtime.storage[items.stakeCooldownEpochs()])
    runtime.storage[items.lastTxBlock(UnhashedAccount(coldkey))] = runtime.block
    runtime.deposit(index, events.stakeRemoved(subnet, coldkey, hotkey, amount))
  }

  static func claimUnbondings(_ runtime: inout Runtime, _ origin: Origin) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(runtime.claimUnbondings(coldkey) > 0, .noStakeUnbondingsOrCooldownNotMet)
  }

  static func addToDelegateStake(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ amount: UInt128
  ) throws {
    let account = try runtime.signer(origin)
    try runtime.require(runtime.storage.contains(items.subnetsData(subnet)), .invalidSubnetId)
    try runtime.addDelegateStake(account, subnet, amount)
  }

  static func removeDelegateStake(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ shares: UInt128
  ) throws {
    try runtime.removeDelegateStake(runtime.signer(origin), subnet, shares: shares)
  }

  static func removeDelegateBalance(_ runtime: inout Runtime, _ origin: Origin, _ amount: UInt128) throws {
    let account = try runtime.signer(origin)
    try runtime.require(amount > 0, .amountZero)
    let slot = items.accountDelegateStake(account)
    try runtime.require(runtime.storage[slot] >= amount, .notEnoughStakeToWithdraw)
    runtime.subtract(amount, from: slot)
    runtime.subtract(amount, from: items.totalAccountDelegateStake())
    try runtime.unbond(account, amount, epochs: runtime.storage[items.stakeCooldownEpochs()])
    runtime.deposit(index, events.delegateBalanceRemoved(account, amount))
  }

  // MARK: Keys

  static func updateColdkey(
    _ runtime: inout Runtime, _ origin: Origin, _ hotkey: AccountID, _ heir: AccountID
  ) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(hotkey != heir, .coldkeyMatchesHotkey)
    try runtime.require(runtime.storage.stored(items.hotkeyOwner(hotkey)) == coldkey, .notKeyOwner)
    runtime.storage[items.hotkeyOwner(hotkey)] = heir
    runtime.swap(items.stakeUnbondingLedger(coldkey).key, items.stakeUnbondingLedger(heir).key)
    runtime.swap(items.coldkeyHotkeys(coldkey).key, items.coldkeyHotkeys(heir).key)
    if let identity = runtime.storage.stored(items.coldkeyIdentity(coldkey)) {
      runtime.swap(items.coldkeyIdentity(coldkey).key, items.coldkeyIdentity(heir).key)
      runtime.storage[items.coldkeyIdentityNameOwner(identity.name.bytes)] = heir
    }
    runtime.swap(items.coldkeyReputation(coldkey).key, items.coldkeyReputation(heir).key)
    runtime.swap(items.coldkeySubnetNodes(coldkey).key, items.coldkeySubnetNodes(heir).key)
    runtime.deposit(index, events.updateColdkey(coldkey, heir))
  }

  static func updateHotkey(
    _ runtime: inout Runtime, _ origin: Origin, _ old: AccountID, _ new: AccountID
  ) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(coldkey != new, .coldkeyMatchesHotkey)
    try runtime.require(runtime.storage.stored(items.hotkeyOwner(old)) == coldkey, .notKeyOwner)
    try runtime.require(!runtime.storage.contains(items.hotkeyOwner(new)), .hotkeyHasOwner)
    var hotkeys = runtime.storage[items.coldkeyHotkeys(coldkey)]
    try runtime.require(!hotkeys.contains(new), .hotkeyAlreadyRegisteredToColdkey)
    try runtime.require(hotkeys.contains(old), .oldHotkeyNotRegistered)
    hotkeys.remove(old)
    hotkeys.insert(new)
    runtime.storage[items.coldkeyHotkeys(coldkey)] = hotkeys
    runtime.swap(items.hotkeyOwner(old).key, items.hotkeyOwner(new).key)
    runtime.moveOverwatchNode(from: old, to: new)
    if let subnet = runtime.storage.take(items.hotkeySubnetId(old)) {
      if let node = runtime.storage.take(items.hotkeySubnetNodeId(subnet, old)) {
        runtime.storage.set(items.subnetNodeIdHotkey(subnet, node), new)
        runtime.storage.set(items.hotkeySubnetNodeId(subnet, new), node)
        try runtime.update(subnet, node) { runtime, data in
          try runtime.require(data.delegateAccount?.account != new, .delegateAccountCannotBeHotkey)
          data.hotkey = new
        }
      }
      runtime.storage.set(items.hotkeySubnetId(new), subnet)
    }
    runtime.moveStake(from: old, to: new)
    runtime.deposit(index, events.updateHotkey(old, new))
  }
}

extension Runtime {
  /// Exchanges what stands under two keys.
  mutating func swap(_ first: [UInt8], _ second: [UInt8]) {
    let (one, other) = (storage.raw(first), storage.raw(second))
    storage.set(first, other)
    storage.set(second, one)
  }

  fileprivate mutating func moveStake(from old: AccountID, to new: AccountID) {
    let prefix = AccountID.hasher.hash(old.bytes)
    for (rest, amount) in storage.entries(Network.items.accountSubnetStake, under: prefix) where amount != 0 {
      guard let subnet = try? UInt32(encoded: rest) else { continue }
      storage.remove(Network.items.accountSubnetStake(old, subnet))
      add(amount, to: Network.items.accountSubnetStake(new, subnet))
    }
  }
}
