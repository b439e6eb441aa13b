import Substrate

/// Money.
enum Balances {
  static let index: UInt8 = 4
  static let items = Items()
  static let events = Events()

  struct Items: Sendable {
    let totalIssuance = Defaulted<UInt128>("TotalIssuance", 0, in: "Balances")
  }

  struct Events: Sendable {
    let endowed = EventDeclaration<AccountID, UInt128>(0, "Endowed", "account", "free_balance")
    let dustLost = EventDeclaration<AccountID, UInt128>(1, "DustLost", "account", "amount")
    let transfer = EventDeclaration<AccountID, AccountID, UInt128>(2, "Transfer", "from", "to", "amount")
    let deposit = EventDeclaration<AccountID, UInt128>(7, "Deposit", "who", "amount")
    let withdraw = EventDeclaration<AccountID, UInt128>(8, "Withdraw", "who", "amount")
    let issued = EventDeclaration<UInt128>(15, "Issued", "amount")
    let rescinded = EventDeclaration<UInt128>(16, "Rescinded", "amount")
  }

  /// What the published runtimes charge for a transfer beyond the base.
  private static let transferWeight: UInt64 = 165_655_000

  static let pallet = Pallet(
    name: "Balances", index: index, storage: Pallet.storage(of: items),
    calls: [
      CallDeclaration(0, "transfer_allow_death", ["dest", "value"], weight: transferWeight, transferAllowDeath),
      CallDeclaration(3, "transfer_keep_alive", ["dest", "value"], weight: transferWeight, transferKeepAlive),
      CallDeclaration(4, "transfer_all", ["dest", "keep_alive"], weight: transferWeight, transferAll),
    ],
    events: Pallet.events(of: events),
    errors: [(2, "InsufficientBalance"), (3, "ExistentialDeposit"), (4, "Expendability")],
    constants: [.init("ExistentialDeposit") { _ in RuntimeParameters.existentialDeposit }])

  static func transferAllowDeath(
    _ runtime: inout Runtime, _ origin: Origin, _ to: AccountID, _ value: Compact<UInt128>
  ) throws {
    try runtime.transfer(from: origin.signer(), to: to, value.value, keepAlive: false)
  }

  static func transferKeepAlive(
    _ runtime: inout Runtime, _ origin: Origin, _ to: AccountID, _ value: Compact<UInt128>
  ) throws {
    try runtime.transfer(from: origin.signer(), to: to, value.value, keepAlive: true)
  }

  static func transferAll(
    _ runtime: inout Runtime, _ origin: Origin, _ to: AccountID, _ keepAlive: Bool
  ) throws {
    let signer = try origin.signer()
    let held = keepAlive ? RuntimeParameters.existentialDeposit : 0
    let free = runtime.balance(of: signer)
    try runtime.transfer(from: signer, to: to, free.saturatingSubtracting(held), keepAlive: keepAlive)
  }
}

extension Runtime {
  func balance(of account: AccountID) -> UInt128 { storage[System.items.account(account)].data.free }

  /// Moves money between accounts.
  mutating func transfer(from: AccountID, to: AccountID, _ amount: UInt128, keepAlive: Bool) throws(TokenError) {
    let from = from
    let left = try remainder(of: from, without: amount, keepAlive: keepAlive)
    let reaches = balance(of: to).addingReportingOverflow(amount)
    guard from == to || !reaches.overflow else { throw .fundsUnavailable }
    guard from == to || reaches.partialValue >= RuntimeParameters.existentialDeposit else { throw .belowMinimum }
    if from != to {
      setBalance(of: from, left)
      setBalance(of: to, reaches.partialValue)
    }
    deposit(Balances.index, Balances.events.transfer(from, to, amount))
  }

  /// Takes money out of the world. The caller says with which events.
  mutating func takeOut(_ account: AccountID, _ amount: UInt128, keepAlive: Bool = true) throws(TokenError) {
    setBalance(of: account, try remainder(of: account, without: amount, keepAlive: keepAlive))
    storage[Balances.items.totalIssuance()] =
      storage[Balances.items.totalIssuance()].saturatingSubtracting(amount)
    deposit(Balances.index, Balances.events.withdraw(account, amount))
  }

  /// Burns, or puts into stake, what an account holds.
  mutating func withdraw(_ account: AccountID, _ amount: UInt128) throws(TokenError) {
    try takeOut(account, amount)
    deposit(Balances.index, Balances.events.rescinded(amount))
  }

  /// Makes money. An amount that leaves a new account below the existential deposit is lost.
  mutating func mint(_ account: AccountID, _ amount: UInt128) {
    let reaches = balance(of: account).saturatingAdding(amount)
    guard amount > 0, reaches >= RuntimeParameters.existentialDeposit else { return }
    storage[Balances.items.totalIssuance()] = storage[Balances.items.totalIssuance()].saturatingAdding(amount)
    deposit(Balances.index, Balances.events.deposit(account, amount))
    setBalance(of: account, reaches)
    deposit(Balances.index, Balances.events.issued(amount))
  }

  /// What an account holds after `amount` left it.
  private func remainder(
    of account: AccountID, without amount: UInt128, keepAlive: Bool
  ) throws(TokenError) -> UInt128 {
    let (left, overflow) = balance(of: account).subtractingReportingOverflow(amount)
    guard !overflow else { throw .fundsUnavailable }
    guard left >= RuntimeParameters.existentialDeposit || !keepAlive || amount == 0 else { throw .notExpendable }
    return left
  }

  /// Sets what an account holds, which may bring it to life or end it.
  mutating func setBalance(of account: AccountID, _ amount: UInt128) {
    let slot = System.items.account(account)
    var info = storage[slot]
    let existed = info.providers > 0
    if amount < RuntimeParameters.existentialDeposit, existed {
      // An ended account forgets its nonce; era and pool keep its old extrinsics out.
      storage.remove(slot)
      if amount > 0 {
        storage[Balances.items.totalIssuance()] =
          storage[Balances.items.totalIssuance()].saturatingSubtracting(amount)
        deposit(Balances.index, Balances.events.dustLost(account, amount))
      }
      deposit(System.index, System.events.killedAccount(account))
      return
    }
    info.data.free = amount
    if !existed, amount >= RuntimeParameters.existentialDeposit {
      info.providers = 1
      storage[slot] = info
      deposit(System.index, System.events.newAccount(account))
      deposit(Balances.index, Balances.events.endowed(account, amount))
    } else if existed {
      storage[slot] = info
    }
  }
}
