import Substrate
import Synchronization
import Validator

/// A chain that goes on when it is told, with more nodes than a published subnet takes.
final class SteppedChain: SubnetChain {
  let identity: SubnetIdentity
  private let blocks: SubnetClock
  private let subnet: SubnetRoster
  private let best = Mutex<UInt64>(0)

  init(_ identity: SubnetIdentity, _ clock: SubnetClock, peers: [String]) {
    self.identity = identity
    blocks = clock
    subnet = SubnetRoster(
      state: .active, minimumStake: 100,
      nodes: peers.enumerated().map { index, peer in
        SubnetNode(
          id: UInt32(index + 1), hotkey: nil, nodeClass: .included, startEpoch: 0, peer: PeerInfo(peerID: peer))
      })
  }

  /// Makes blocks up to a place in an epoch.
  func advance(to epoch: UInt32, _ into: UInt64) {
    best.withLock { $0 = blocks.firstBlock(of: epoch) + into }
  }

  func follow(_ body: () async throws -> Void) async throws {
    while true {
      try await body()
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  func heads() async throws -> ChainHeads {
    let best = best.withLock { $0 }
    return ChainHeads(
      best: try block(best), parent: try block(best - min(best, 1)).hash, finalized: try block(best - min(best, 1)))
  }

  private func block(_ number: UInt64) throws -> BlockReference {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    guard let hash = BlockHash(bytes + [UInt8](repeating: 7, count: 24)) else {
      throw ValidatorEpochs.Failure("a hash has 32 bytes")
    }
    return BlockReference(number: number, hash: hash)
  }

  func clock(at block: BlockReference) async throws -> SubnetClock? { blocks }
  func roster(at block: BlockReference) async throws -> SubnetRoster? { subnet }
  func elected(for epoch: UInt32, at block: BlockReference) async throws -> UInt32? { nil }
  func hash(of number: UInt64, final finalized: BlockReference) async throws -> BlockHash { try block(number).hash }
}
