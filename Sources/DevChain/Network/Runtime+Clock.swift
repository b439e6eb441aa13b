import Substrate

/// Where a subnet is in its epoch.
struct SubnetMoment: Sendable, Hashable {
  let epoch: UInt32
  /// How much of the epoch has passed, out of 10^18.
  let progress: UInt128
}

/// Time, which is counted in blocks (spec/chain.md §6).
extension Runtime {
  /// The general epoch.
  var epoch: UInt32 { block / parameters.epochLength }

  var overwatchEpoch: UInt32 { block / overwatchEpochLength }

  var overwatchEpochLength: UInt32 {
    max(1, parameters.epochLength.saturatingMultiplying(storage[Network.items.overwatchEpochLengthMultiplier()]))
  }

  /// Nil before the subnet's first block, and for a subnet without a slot.
  func moment(of subnet: UInt32) -> SubnetMoment? {
    guard let slot = storage.stored(Network.items.subnetSlot(subnet)), slot > 0, block >= slot else { return nil }
    let (epoch, into) = (block - slot).quotientAndRemainder(dividingBy: parameters.epochLength)
    return SubnetMoment(epoch: epoch, progress: FixedPoint.divide(UInt128(into), UInt128(parameters.epochLength)))
  }

  /// The epoch of a subnet; 0 before its first block.
  func subnetEpoch(_ subnet: UInt32) -> UInt32 { moment(of: subnet)?.epoch ?? 0 }

  /// How much of the time has passed between a proposal and the end of its epoch, out of 10^18.
  func progress(sinceProposalAt proposal: UInt32, in subnet: UInt32) -> UInt128? {
    guard let slot = storage.stored(Network.items.subnetSlot(subnet)), slot > 0, block >= proposal else { return nil }
    let into = proposal.saturatingSubtracting(slot) % parameters.epochLength
    let left = parameters.epochLength - into
    let passed = block - proposal
    return passed >= left ? FixedPoint.one : FixedPoint.divide(UInt128(passed), UInt128(left))
  }
}
