import Substrate

extension Runtime {
  /// Whether weights may still be committed to in this overwatch epoch.
  var isOverwatchCommitPeriod: Bool {
    let length = UInt128(overwatchEpochLength)
    let cutoff = FixedPoint.multiply(length, storage[Network.items.overwatchCommitCutoffPercent()])
    return UInt128(block) < length * UInt128(overwatchEpoch) + cutoff
  }

  func requireOverwatchKeys(_ account: AccountID, _ node: UInt32) throws(NetworkError) {
    guard let hotkey = storage.stored(Network.items.overwatchNodeIdHotkey(node)),
      let coldkey = storage.stored(Network.items.hotkeyOwner(hotkey)), account == hotkey || account == coldkey
    else { throw .notKeyOwner }
    try require(!storage[Network.items.overwatchNodeBlacklist(coldkey)], .coldkeyBlacklisted)
  }

  /// Whether a coldkey's nodes served long, well and widely enough.
  mutating func isOverwatchQualified(_ coldkey: AccountID) -> Bool {
    guard let reputation = storage.stored(Network.items.coldkeyReputation(coldkey)) else { return false }
    let age = storage[Network.items.overwatchMinAge()]
    guard epoch > age, epoch.saturatingSubtracting(reputation.startEpoch) >= age,
      reputation.score >= storage[Network.items.overwatchMinRepScore()],
      reputation.averageAttestation >= storage[Network.items.overwatchMinAvgAttestationRatio()]
    else { return false }
    forgetRemovedSubnets(of: coldkey)
    let active = storage[Network.items.coldkeySubnetNodes(coldkey)].entries.count { subnet, nodes in
      let epoch = subnetEpoch(subnet)
      return nodes.elements.contains {
        storage.stored(Network.items.subnetNodesData(subnet, $0))?.has(.validator, at: epoch) == true
      }
    }
    let subnets = storage[Network.items.totalActiveSubnets()]
    let spread =
      active >= Int(subnets) ? FixedPoint.one : FixedPoint.divide(UInt128(active), UInt128(subnets))
    return spread >= storage[Network.items.overwatchMinDiversificationRatio()]
  }

  mutating func moveOverwatchNode(from old: AccountID, to new: AccountID) {
    if let node = storage.take(Network.items.hotkeyOverwatchNodeId(old)) {
      storage.set(Network.items.overwatchNodeIdHotkey(node), new)
      storage.set(Network.items.hotkeyOverwatchNodeId(new), node)
      storage.update(Network.items.overwatchNodes(node)) { $0.hotkey = new }
    }
    let stake = storage[Network.items.accountOverwatchStake(old)]
    if stake != 0 {
      storage.remove(Network.items.accountOverwatchStake(old))
      add(stake, to: Network.items.accountOverwatchStake(new))
    }
  }

  // MARK: Rewards

  /// What an overwatch epoch of the published chain pays, in planck.
  private static let overwatchEmissions: UInt128 = 38_051_750_380_517_503

  /// Weighs the subnets by what was revealed in the last overwatch epoch, and pays whoever came close.
  mutating func rewardOverwatchNodes() {
    let past = overwatchEpoch.saturatingSubtracting(1)
    let reveals = revealed(in: past)
    let stakes = stakeWeights(of: Set(reveals.map(\.node)))
    var scores = SortedMap<UInt32, UInt128>()
    for subnet in SortedSet(reveals.map(\.subnet)).elements {
      let own = reveals.filter { $0.subnet == subnet && stakes[$0.node] != nil }
      guard !own.isEmpty else { continue }
      let sum = own.reduce(UInt128(0)) {
        $0.saturatingAdding(FixedPoint.multiply($1.weight, stakes[$1.node] ?? 0))
      }
      let agreed = min(sum, FixedPoint.one)
      storage.set(Network.items.overwatchSubnetWeights(past, subnet), agreed)
      for reveal in own {
        let off = reveal.weight > agreed ? reveal.weight - agreed : agreed - reveal.weight
        let score = FixedPoint.multiply(FixedPoint.one.saturatingSubtracting(off), agreed)
        scores[reveal.node] = (scores[reveal.node] ?? 0).saturatingAdding(score)
      }
    }
    let total = scores.values.reduce(UInt128(0)) { $0.saturatingAdding($1) }
    guard total > 0 else { return }
    var rewards: [Pair<UInt32, UInt128>] = []
    for (node, score) in scores.entries where score > 0 {
      let share = FixedPoint.divide(score, total)
      storage.set(Network.items.overwatchNodeWeights(past, node), share)
      let amount = FixedPoint.multiply(share, Self.overwatchEmissions)
      guard amount > 0, let hotkey = storage.stored(Network.items.overwatchNodes(node))?.hotkey else { continue }
      add(amount, to: Network.items.accountOverwatchStake(hotkey))
      add(amount, to: Network.items.totalOverwatchStake())
      rewards.append(Pair(node, amount))
    }
    deposit(Network.index, Network.events.overwatchRewards(rewards))
  }

  private func revealed(in epoch: UInt32) -> [(subnet: UInt32, node: UInt32, weight: UInt128)] {
    storage.entries(Network.items.overwatchReveals, under: epoch.encoded).compactMap { rest, weight in
      guard let key = try? Pair<UInt32, UInt32>(encoded: rest) else { return nil }
      return (key.first, key.second, weight)
    }
  }

  /// Each node's part of all stake, flattened, out of 10^18.
  private func stakeWeights(of nodes: Set<UInt32>) -> [UInt32: UInt128] {
    let power = FixedPoint.double(storage[Network.items.overwatchStakeWeightFactor()])
    var weights: [UInt32: UInt128] = [:]
    for node in nodes {
      guard let hotkey = storage.stored(Network.items.overwatchNodes(node))?.hotkey else { continue }
      let stake = Double(storage[Network.items.accountOverwatchStake(hotkey)])
      weights[node] = FixedPoint.ratio(FixedPoint.power(stake, power))
    }
    let total = weights.values.reduce(UInt128(0)) { $0.saturatingAdding($1) }
    return weights.mapValues { FixedPoint.divide($0, total) }
  }
}
