import Substrate

/// Stake of nodes and of those who delegate to subnets.
extension Runtime {
  mutating func increaseStake(_ hotkey: AccountID, _ subnet: UInt32, _ amount: UInt128) {
    add(amount, to: Network.items.accountSubnetStake(hotkey, subnet))
    add(amount, to: Network.items.totalSubnetStake(subnet))
    add(amount, to: Network.items.totalStake())
  }

  mutating func decreaseStake(_ hotkey: AccountID, _ subnet: UInt32, _ amount: UInt128) {
    subtract(amount, from: Network.items.accountSubnetStake(hotkey, subnet))
    subtract(amount, from: Network.items.totalSubnetStake(subnet))
    subtract(amount, from: Network.items.totalStake())
  }

  /// Puts a coldkey's money into the stake of a hotkey.
  mutating func addStake(_ coldkey: AccountID, _ hotkey: AccountID, _ subnet: UInt32, _ amount: UInt128) throws {
    try require(amount != 0, .invalidAmount)
    let stake = storage[Network.items.accountSubnetStake(hotkey, subnet)].saturatingAdding(amount)
    try require(stake >= storage[Network.items.subnetMinStakeBalance(subnet)], .minStakeNotReached)
    try require(stake <= storage[Network.items.subnetMaxStakeBalance(subnet)], .maxStakeReached)
    try require(canWithdraw(coldkey, amount), .notEnoughBalanceToStake)
    try checkRate(coldkey)
    try withdraw(coldkey, amount, or: .balanceWithdrawalError)
    increaseStake(hotkey, subnet, amount)
    storage[Network.items.lastTxBlock(UnhashedAccount(coldkey))] = block
    deposit(Network.index, Network.events.stakeAdded(subnet, coldkey, hotkey, amount))
  }

  // MARK: Delegate stake

  /// Puts an account's money behind a subnet, for shares of what the subnet's delegates earn.
  mutating func addDelegateStake(_ account: AccountID, _ subnet: UInt32, _ amount: UInt128) throws {
    try require(amount >= storage[Network.items.minDelegateStakeDeposit()], .minDelegateStakeDepositNotReached)
    try require(canWithdraw(account, amount), .notEnoughBalanceToStake)
    try checkRate(account)
    try withdraw(account, amount, or: .balanceWithdrawalError)
    let total = storage[Network.items.totalSubnetDelegateStakeShares(subnet)]
    // The first shares belong to nobody, so that no one can price the others out.
    if total == 0 { add(Self.minimumLiquidity, to: Network.items.totalSubnetDelegateStakeShares(subnet)) }
    let shares = Shares.of(
      amount, shares: total, balance: storage[Network.items.totalSubnetDelegateStakeBalance(subnet)])
    try require(shares != 0, .couldNotConvertToShares)
    add(shares, to: Network.items.accountSubnetDelegateStakeShares(account, subnet))
    add(amount, to: Network.items.totalSubnetDelegateStakeBalance(subnet))
    add(shares, to: Network.items.totalSubnetDelegateStakeShares(subnet))
    add(amount, to: Network.items.totalDelegateStake())
    let flow = Network.items.subnetNetFlow(subnet)
    storage[flow] = storage[flow].saturatingAdding(Int128(clamping: amount))
    storage[Network.items.lastTxBlock(UnhashedAccount(account))] = block
    deposit(Network.index, Network.events.subnetDelegateStakeAdded(subnet, account, amount))
  }

  mutating func removeDelegateStake(_ account: AccountID, _ subnet: UInt32, shares: UInt128) throws {
    try require(shares != 0, .sharesZero)
    let owned = Network.items.accountSubnetDelegateStakeShares(account, subnet)
    try require(storage[owned] >= shares, .notEnoughStakeToWithdraw)
    let amount = Shares.balance(
      of: shares, shares: storage[Network.items.totalSubnetDelegateStakeShares(subnet)],
      balance: storage[Network.items.totalSubnetDelegateStakeBalance(subnet)])
    try checkRate(account)
    subtract(shares, from: owned)
    subtract(amount, from: Network.items.totalSubnetDelegateStakeBalance(subnet))
    subtract(shares, from: Network.items.totalSubnetDelegateStakeShares(subnet))
    subtract(amount, from: Network.items.totalDelegateStake())
    let flow = Network.items.subnetNetFlow(subnet)
    storage[flow] = storage[flow].saturatingAdding(-Int128(clamping: amount))
    try unbond(account, amount, epochs: storage[Network.items.delegateStakeCooldownEpochs()])
    storage[Network.items.lastTxBlock(UnhashedAccount(account))] = block
    deposit(Network.index, Network.events.subnetDelegateStakeRemoved(subnet, account, amount))
  }

  /// Pays the delegates of a subnet: their shares are worth more.
  mutating func increaseDelegateStake(_ subnet: UInt32, _ amount: UInt128) {
    if storage[Network.items.totalSubnetDelegateStakeBalance(subnet)] == 0
      || storage[Network.items.totalSubnetDelegateStakeShares(subnet)] == 0
    {
      add(Self.minimumLiquidity, to: Network.items.totalSubnetDelegateStakeShares(subnet))
    }
    add(amount, to: Network.items.totalSubnetDelegateStakeBalance(subnet))
    add(amount, to: Network.items.totalDelegateStake())
  }

  mutating func increaseNodeDelegateStake(_ subnet: UInt32, _ node: UInt32, _ amount: UInt128) {
    if storage[Network.items.totalNodeDelegateStakeBalance(subnet, node)] == 0 {
      add(Self.minimumLiquidity, to: Network.items.totalNodeDelegateStakeShares(subnet, node))
    }
    add(amount, to: Network.items.totalNodeDelegateStakeBalance(subnet, node))
    add(amount, to: Network.items.totalNodeDelegateStake())
  }

  /// What a subnet needs of delegate stake, by the number of its electable nodes.
  func minimumDelegateStake(of subnet: UInt32) -> UInt128 {
    let issuance =
      storage[Balances.items.totalIssuance()]
      .saturatingAdding(storage[Network.items.totalStake()])
      .saturatingAdding(storage[Network.items.totalDelegateStake()])
      .saturatingAdding(storage[Network.items.totalNodeDelegateStake()])
      .saturatingAdding(storage[Network.items.totalUnbondingBalance()])
      .saturatingAdding(storage[Network.items.totalAccountDelegateStake()])
    let base = FixedPoint.multiply(issuance, storage[Network.items.minSubnetDelegateStakeFactor()])
    let nodes = UInt32(clamping: storage[Network.items.subnetNodeElectionSlots(subnet)].count)
    let (low, high) = (storage[Network.items.minSubnetNodes()], storage[Network.items.maxSubnetNodes()])
    let most = storage[Network.items.maxMinDelegateStakeMultiplier()]
    if nodes <= low { return FixedPoint.multiply(base, FixedPoint.one) }
    if nodes >= high { return FixedPoint.multiply(base, most) }
    let ratio = FixedPoint.divide(UInt128(nodes - low), UInt128(high.saturatingSubtracting(low)))
    return FixedPoint.multiply(
      base,
      FixedPoint.one.saturatingAdding(FixedPoint.multiply(ratio, most.saturatingSubtracting(FixedPoint.one))))
  }

  private static let minimumLiquidity: UInt128 = 1000

  // MARK: Unbonding

  /// Keeps money back until its cooldown has passed.
  mutating func unbond(_ coldkey: AccountID, _ amount: UInt128, epochs: UInt32) throws {
    let slot = Network.items.stakeUnbondingLedger(coldkey)
    let most = Int(storage[Network.items.maxUnbondings()])
    if storage[slot].count == most { claimUnbondings(coldkey) }
    var ledger = storage[slot]
    try require(ledger.count < most, .maxUnlockingsReached)
    let due = block.saturatingAdding(epochs.saturatingMultiplying(parameters.epochLength))
    ledger[due] = (ledger[due] ?? 0).saturatingAdding(amount)
    storage[slot] = ledger
    add(amount, to: Network.items.totalUnbondingBalance())
  }

  /// Pays out what is due.
  ///
  /// - Returns: how many entries were.
  @discardableResult
  mutating func claimUnbondings(_ coldkey: AccountID) -> Int {
    var ledger = storage[Network.items.stakeUnbondingLedger(coldkey)]
    let due = ledger.entries.filter { $0.key <= block }
    for (key, amount) in due {
      ledger[key] = nil
      mint(coldkey, amount)
      subtract(amount, from: Network.items.totalUnbondingBalance())
    }
    if !due.isEmpty { storage[Network.items.stakeUnbondingLedger(coldkey)] = ledger }
    return due.count
  }

  // MARK: Helpers

  mutating func add(_ amount: UInt128, to slot: DefaultedSlot<UInt128>) {
    storage[slot] = storage[slot].saturatingAdding(amount)
  }

  mutating func subtract(_ amount: UInt128, from slot: DefaultedSlot<UInt128>) {
    storage[slot] = storage[slot].saturatingSubtracting(amount)
  }

  func canWithdraw(_ account: AccountID, _ amount: UInt128) -> Bool { balance(of: account) >= amount }

  /// Takes money out of the world, or fails with the pallet's own error.
  mutating func withdraw(_ account: AccountID, _ amount: UInt128, or refusal: NetworkError) throws(NetworkError) {
    do throws(TokenError) {
      try withdraw(account, amount)
    } catch {
      throw refusal
    }
  }

  /// Refuses a second change of stake within the rate limit, if there is one.
  func checkRate(_ account: AccountID) throws(NetworkError) {
    let limit = storage[Network.items.txRateLimit()]
    let last = storage[Network.items.lastTxBlock(UnhashedAccount(account))]
    try require(limit == 0 || last == 0 || block.saturatingSubtracting(last) > limit, .txRateLimitExceeded)
  }

  func require(_ condition: Bool, _ error: NetworkError) throws(NetworkError) {
    if !condition { throw error }
  }
}

/// What shares of a pot are worth. The pot counts as one planck and ten shares larger than it is.
enum Shares {
  static func of(_ amount: UInt128, shares: UInt128, balance: UInt128) -> UInt128 {
    shares == 0
      ? amount : FixedPoint.muldiv(amount, shares.saturatingAdding(10), balance.saturatingAdding(1))
  }

  static func balance(of owned: UInt128, shares: UInt128, balance: UInt128) -> UInt128 {
    shares == 0
      ? owned : FixedPoint.muldiv(owned, balance.saturatingAdding(1), shares.saturatingAdding(10))
  }
}
