import Substrate

/// What an epoch pays, and to which subnets.
extension Runtime {
  /// A year's issuance when nobody takes part, and when all places are taken, in planck.
  private static let mostPerYear = 100_000.0 * 1e18
  private static let leastPerYear = 75_000.0 * 1e18
  /// The part that goes to the treasury.
  private static let foundationPart = 0.2

  /// Fixes the weight of each subnet for this epoch.
  mutating func weighSubnets() {
    let weights = subnetWeights()
    guard !weights.isEmpty else { return }
    let (validators, foundation) = emissions()
    mint(Network.treasury, foundation)
    storage[Network.items.finalSubnetEmissionWeights(epoch)] = EmissionWeights(
      validatorEmissions: validators, weights: weights)
  }

  private func emissions() -> (validators: UInt128, foundation: UInt128) {
    let places = storage[Network.items.maxSubnets()].saturatingMultiplying(storage[Network.items.maxSubnetNodes()])
    let use = min(max(Double(storage[Network.items.totalActiveNodes()]) / Double(places), 0), 1)
    let sigmoid = FixedPoint.fallingSigmoid(
      use, middle: FixedPoint.double(storage[Network.items.inflationSigmoidMidpoint()]),
      steepness: Double(storage[Network.items.inflationSigmoidSteepness()]))
    let year = Self.leastPerYear + (Self.mostPerYear - Self.leastPerYear) * sigmoid
    let epochs = Double(parameters.epochsPerYear)
    return (
      FixedPoint.clamped((year - year * Self.foundationPart) / epochs),
      FixedPoint.clamped(year * Self.foundationPart / epochs)
    )
  }

  /// By subnet, out of 10^18 together.
  private mutating func subnetWeights() -> SortedMap<UInt32, UInt128> {
    let flows = netFlowWeights()
    let factors = storage[Network.items.subnetWeightFactors()]
    let power = FixedPoint.double(storage[Network.items.subnetDistributionPower()])
    let totalStake = Double(storage[Network.items.totalDelegateStake()])
    let totalNodes = Double(storage[Network.items.totalElectableNodes()])
    var weights: [(subnet: UInt32, weight: Double)] = []
    for (_, data) in storage.entries(Network.items.subnetsData) where counts(data) {
      let stake = clampedPart(Double(storage[Network.items.totalSubnetDelegateStakeBalance(data.id)]) / totalStake)
      let nodes = Double(storage[Network.items.totalSubnetElectableNodes(data.id)]) / totalNodes
      let watched = storage.stored(
        Network.items.overwatchSubnetWeights(overwatchEpoch.saturatingSubtracting(1), data.id))
      let overwatch =
        watched.map {
          min(FixedPoint.double($0) * FixedPoint.double(storage[Network.items.overwatchWeightFactor()]), 1)
        } ?? 1
      let weight = clampedPart(
        (stake * FixedPoint.double(factors.delegateStake) + nodes * FixedPoint.double(factors.nodeCount)
          + FixedPoint.double(flows[data.id] ?? 0) * FixedPoint.double(factors.netFlow)) * overwatch)
      weights.append((data.id, FixedPoint.power(weight, power)))
    }
    // Summed in the order of storage, as the chain does it; the order shows in the last bits.
    let sum = weights.reduce(0) { $0 + $1.weight }
    var shares = SortedMap<UInt32, UInt128>()
    for (subnet, weight) in weights { shares[subnet] = FixedPoint.clamped(weight / sum * 1e18) }
    return shares
  }

  /// Subnets count from their activation on, and also before if they are active already.
  private func counts(_ data: SubnetData) -> Bool { data.startEpoch <= epoch || data.state == .active }

  /// Keeps what is no number, as the chain's own clamp does.
  private func clampedPart(_ value: Double) -> Double { value.isNaN ? value : min(max(value, 0), 1) }

  /// Each subnet's part of the delegate stake that came in since the last epoch; that record starts anew.
  private mutating func netFlowWeights() -> SortedMap<UInt32, UInt128> {
    var flows: [(subnet: UInt32, flow: Int128)] = []
    for (_, data) in storage.entries(Network.items.subnetsData) {
      let flow = storage.take(Network.items.subnetNetFlow(data.id))
      if counts(data) { flows.append((data.id, flow)) }
    }
    let least = flows.map(\.flow).min() ?? 0
    let shifted = flows.map { ($0.subnet, UInt128(clamping: $0.flow.subtractingReportingOverflow(least).partialValue)) }
    let sum = shifted.reduce(UInt128(0)) { $0.saturatingAdding($1.1) }
    var weights = SortedMap<UInt32, UInt128>()
    for (subnet, flow) in shifted { weights[subnet] = FixedPoint.divide(flow, sum) }
    return weights
  }
}
