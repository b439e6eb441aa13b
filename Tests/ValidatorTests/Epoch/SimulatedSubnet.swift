import Substrate
import Synchronization

@testable import Validator

/// A chain inside the test that forks, stalls and fails as the test says.
final class SimulatedSubnet: SubnetChain {
  struct World {
    /// The hash of each block of the best chain, by number.
    var hashes: [BlockHash]
    var fork: UInt8 = 0
    var finalityLag: UInt64 = 2
    var clock: SubnetClock?
    var roster: SubnetRoster?
    /// By epoch and fork.
    var elected: [UInt32: [UInt8: UInt32]] = [:]
    var failure: (any Error & Sendable)?
    var rosterReads = 0
  }

  let identity: SubnetIdentity
  let world: Mutex<World>

  init(length: UInt64 = 20, slot: UInt64 = 3, nodes: [SubnetNode] = [node(1), node(2), node(3)]) {
    identity = Sample.identity
    world = Mutex(
      World(
        hashes: [Self.hash(0, 0)], clock: SubnetClock(epochLength: length, slot: slot),
        roster: SubnetRoster(state: .active, minimumStake: 100, nodes: nodes)))
  }

  static func node(_ id: UInt32, _ nodeClass: NodeClass = .validator, since: UInt32 = 0) -> SubnetNode {
    SubnetNode(
      id: id, hotkey: try? AccountID(bytes: [UInt8](repeating: UInt8(id), count: 20)), nodeClass: nodeClass,
      startEpoch: since, peer: PeerInfo(peerID: Sample.peer(id)))
  }

  static func hash(_ number: UInt64, _ fork: UInt8) -> BlockHash {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    return BlockHash([fork] + bytes + [UInt8](repeating: 7, count: 23)) ?? Sample.hash(fork)
  }

  /// Makes blocks on the best chain up to a number.
  func advance(to number: UInt64) {
    world.withLock { world in
      while UInt64(world.hashes.count) <= number {
        world.hashes.append(Self.hash(UInt64(world.hashes.count), world.fork))
      }
    }
  }

  /// Takes blocks back, and makes as many others.
  func reorganise(_ depth: Int) {
    world.withLock { world in
      let end = world.hashes.count
      world.fork += 1
      world.hashes.removeLast(depth)
      while world.hashes.count < end { world.hashes.append(Self.hash(UInt64(world.hashes.count), world.fork)) }
    }
  }

  func change(_ change: (inout World) -> Void) { world.withLock { change(&$0) } }

  private func reading<Value>(_ body: (inout World) throws -> Value) throws -> Value {
    try world.withLock { world in
      if let failure = world.failure { throw failure }
      return try body(&world)
    }
  }

  func follow(_ body: () async throws -> Void) async throws {
    while !Task.isCancelled {
      try await body()
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  func heads() async throws -> ChainHeads {
    try reading { world in
      let best = UInt64(world.hashes.count - 1)
      let final = best - min(best, world.finalityLag)
      return ChainHeads(
        best: BlockReference(number: best, hash: world.hashes[Int(best)]),
        parent: world.hashes[Int(best - min(best, 1))],
        finalized: BlockReference(number: final, hash: world.hashes[Int(final)]))
    }
  }

  func clock(at block: BlockReference) async throws -> SubnetClock? { try reading { $0.clock } }

  func roster(at block: BlockReference) async throws -> SubnetRoster? {
    try reading { world in
      world.rosterReads += 1
      return world.roster
    }
  }

  func elected(for epoch: UInt32, at block: BlockReference) async throws -> UInt32? {
    try reading { $0.elected[epoch]?[$0.fork] }
  }

  func hash(of number: UInt64, final finalized: BlockReference) async throws -> BlockHash {
    try reading { $0.hashes[Int(number)] }
  }
}
