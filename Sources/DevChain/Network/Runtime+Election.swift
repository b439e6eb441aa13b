import Substrate

/// Elections, the slots that are drawn from, and the weight of each subnet in the emission.
extension Runtime {
  /// Elects the node that proposes in `epoch`, unless one is elected already or nobody can be.
  mutating func elect(for subnet: UInt32, epoch: UInt32) {
    let slot = Network.items.subnetElectedValidator(subnet, epoch)
    guard !storage.contains(slot) else { return }
    let electable = electableNodes(of: subnet, epoch: epoch)
    guard !electable.isEmpty else { return }
    storage.set(slot, electable[Int(random(below: UInt32(electable.count)))])
  }

  private mutating func electableNodes(of subnet: UInt32, epoch: UInt32) -> [UInt32] {
    if let emergency = storage.stored(Network.items.emergencySubnetNodeElectionData(subnet)) {
      if emergency.totalEpochs <= emergency.targetEpochs, epoch <= emergency.lastEpoch {
        return emergency.subnetNodeIDs
      }
      storage.remove(Network.items.emergencySubnetNodeElectionData(subnet))
    }
    return storage[Network.items.subnetNodeElectionSlots(subnet)]
  }

  /// A number that the seed, the block and its parent give.
  private func random(below count: UInt32) -> UInt32 {
    var writer = ScaleWriter()
    writer.write(seed)
    writer.write(block)
    storage[System.items.parentHash()].encode(to: &writer)
    let hash = Blake2b.hash256(writer.bytes)
    return hash.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } % count
  }

  // MARK: Slots

  /// - Returns: whether the node was not electable before.
  @discardableResult
  mutating func addElectionSlot(_ subnet: UInt32, _ node: UInt32) -> Bool {
    var slots = storage[Network.items.subnetNodeElectionSlots(subnet)]
    guard !slots.contains(node) else { return false }
    storage.set(Network.items.nodeSlotIndex(subnet, node), UInt32(slots.count))
    slots.append(node)
    storage[Network.items.subnetNodeElectionSlots(subnet)] = slots
    storage[Network.items.totalSubnetElectableNodes(subnet)] =
      storage[Network.items.totalSubnetElectableNodes(subnet)].saturatingAdding(1)
    storage[Network.items.totalElectableNodes()] = storage[Network.items.totalElectableNodes()].saturatingAdding(1)
    return true
  }

  /// Takes a node's slot away; the last one moves into the gap.
  mutating func removeElectionSlot(_ subnet: UInt32, _ node: UInt32) {
    var slots = storage[Network.items.subnetNodeElectionSlots(subnet)]
    guard let place = slots.firstIndex(of: node), let last = slots.popLast() else { return }
    if place < slots.count {
      slots[place] = last
      storage.set(Network.items.nodeSlotIndex(subnet, last), UInt32(place))
    }
    storage.remove(Network.items.nodeSlotIndex(subnet, node))
    storage[Network.items.subnetNodeElectionSlots(subnet)] = slots
    storage[Network.items.totalSubnetElectableNodes(subnet)] =
      storage[Network.items.totalSubnetElectableNodes(subnet)].saturatingSubtracting(1)
    storage[Network.items.totalElectableNodes()] =
      storage[Network.items.totalElectableNodes()].saturatingSubtracting(1)
  }
}
