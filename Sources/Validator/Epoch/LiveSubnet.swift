public import Substrate
import Synchronization

/// A subnet of a real chain.
public final class LiveSubnet: SubnetChain {
  public let identity: SubnetIdentity
  let client: ChainClient
  /// The newest states that were asked for, so that reads at one block look its runtime up once.
  private let states = Mutex<[BlockState]>([])
  private static let keptStates = 4

  public init(_ client: ChainClient, subnetID: UInt32) {
    self.client = client
    identity = SubnetIdentity(genesisHash: client.genesisHash, subnetID: subnetID)
  }

  public func follow(_ body: () async throws -> Void) async throws { try await client.followHeads(body) }

  public func heads() async throws -> ChainHeads {
    let finalized: BlockState
    do {
      finalized = try await client.finalized()
    } catch let error as ChainError where error.kind == .staleView {
      // Another reader of this client was given a newer block meanwhile; then there is one for this one, too.
      finalized = try await client.finalized()
    }
    let best = try await client.best()
    keep(best)
    return ChainHeads(best: best.reference, parent: best.header.parent, finalized: finalized.reference)
  }

  public func clock(at block: BlockReference) async throws -> SubnetClock? { try await subnet(block).clock() }

  public func roster(at block: BlockReference) async throws -> SubnetRoster? {
    let subnet = try await subnet(block)
    guard let data = try await subnet.subnet() else { return nil }
    return SubnetRoster(
      state: data.state, minimumStake: data.minimumStake, nodes: try await subnet.nodes(),
      bootnodes: try await subnet.bootnodes())
  }

  public func elected(for epoch: UInt32, at block: BlockReference) async throws -> UInt32? {
    try await subnet(block).electedValidator(epoch: epoch)
  }

  public func hash(of number: UInt64, final finalized: BlockReference) async throws -> BlockHash {
    number == finalized.number ? finalized.hash : try await client.blockHash(number: number)
  }

  func subnet(_ block: BlockReference) async throws -> SubnetState {
    try await state(block).subnet(identity.subnetID)
  }

  func state(_ block: BlockReference) async throws -> BlockState {
    if let kept = states.withLock({ $0.first { $0.hash == block.hash } }) { return kept }
    let state = try await client.at(block.hash)
    keep(state)
    return state
  }

  private func keep(_ state: BlockState) {
    states.withLock { states in
      guard !states.contains(where: { $0.hash == state.hash }) else { return }
      states.append(state)
      if states.count > Self.keptStates { states.removeFirst() }
    }
  }
}
