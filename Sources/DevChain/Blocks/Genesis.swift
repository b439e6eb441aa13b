public import Substrate

/// The state that a chain starts from.
public struct Genesis: Sendable {
  /// Money by account, in planck; each at least ``minimumBalance``.
  public var balances: [AccountID: Planck]
  /// Who may do anything through `Sudo.sudo`; nil for nobody.
  public var sudo: AccountID?
  /// Subnets that work from the first block on.
  public internal(set) var subnets: [SubnetPreset] = []

  /// The least that an account may hold.
  public static let minimumBalance = Planck(RuntimeParameters.existentialDeposit)

  public init(balances: [AccountID: Planck], sudo: AccountID? = nil) {
    self.balances = balances
    self.sudo = sudo
  }

  /// The ten development accounts, each with a million TENSOR, the first of them with all power.
  ///
  /// Their keys are public: everybody can act for them.
  public static let development = Genesis(
    balances: Dictionary(uniqueKeysWithValues: developmentAccounts.map { ($0, million) }),
    sudo: developmentAccounts.first)

  /// The accounts that every Ethereum-style development chain knows, from Alith to Judith.
  public static let developmentAccounts: [AccountID] = [
    "f24ff3a9cf04c71dbc94d0b566f7a27b94566cac", "3cd0a705a2dc65e5b1e1205896baa2be8a07c6e0",
    "798d4ba9baf0064ec19eb4f0a1a45785ae9d6dfc", "773539d4ac0e786233d90a233654ccee26a613d9",
    "ff64d3f6efe2317ee2807d223a0bdc4c0c49dfdb", "c0f0f4ab324c46e55d02d0033343b4be8a55532d",
    "7bf369283338e12c90514468aa3868a551ab2929", "931f3600a299fd9b24cefb3bff79388d19804bea",
    "c41c5f1123ecca6ce233578b2e7ebd5693869d73", "2898fe7a42be376c8bc7af536a940f7fd5add423",
  ].compactMap { try? AccountID("0x" + $0) }

  private static let million = Planck(1_000_000 * FixedPoint.one)

  func storage(_ description: RuntimeDescription, seed: UInt64) throws -> Storage {
    var storage = Storage()
    storage.set(RuntimeDescription.codeKey, description.code)
    var issuance: UInt128 = 0
    for (account, balance) in balances {
      guard balance >= Self.minimumBalance else {
        throw DevChainFailure(
          .genesis,
          "the genesis gives \(account) less than the \(RuntimeParameters.existentialDeposit) planck of an account",
          remedy: "Give it more, or leave it out.")
      }
      var info = AccountInfo()
      info.providers = 1
      info.data.free = balance.value
      storage[System.items.account(account)] = info
      issuance = issuance.saturatingAdding(balance.value)
    }
    storage[Balances.items.totalIssuance()] = issuance
    if let sudo { storage.set(Sudo.items.key(), sudo) }
    Self.relax(&storage)
    return try withSubnets(storage, description, seed: seed)
  }

  /// The settings with which the published chain began: subnets start at once, cooldowns are short, and no delegate
  /// stake is asked for.
  private static func relax(_ storage: inout Storage) {
    let items = Network.items
    storage[items.minSubnetRegistrationEpochs()] = 0
    storage[items.overwatchEpochLengthMultiplier()] = 1
    storage[items.overwatchMinDiversificationRatio()] = 0
    storage[items.overwatchMinRepScore()] = 0
    storage[items.overwatchMinAvgAttestationRatio()] = 0
    storage[items.overwatchMinAge()] = 0
    storage[items.delegateStakeCooldownEpochs()] = 1
    storage[items.nodeDelegateStakeCooldownEpochs()] = 1
    storage[items.stakeCooldownEpochs()] = 1
    storage[items.minActiveNodeStakeEpochs()] = 1
    storage[items.subnetDelegateStakeRewardsUpdatePeriod()] = 0
    storage[items.nodeRewardRateUpdatePeriod()] = 0
    storage[items.minSubnetDelegateStakeFactor()] = 0
    storage[items.maxMinDelegateStakeMultiplier()] = FixedPoint.one
    storage[items.subnetPauseCooldownEpochs()] = 0
  }
}
