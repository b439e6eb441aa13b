import Benchmark
import Substrate

func stakeBenchmarks() {
  Benchmark("stake decision, cached", configuration: .init(scalingFactor: .kilo)) { benchmark in
    guard let hash = BlockHash([UInt8](repeating: 1, count: 32)) else { return }
    let source = EverybodyStaked(block: BlockReference(number: 1, hash: hash))
    let stake = ProofOfStake(.init(StakeRequirement(subnetID: 1)), source: source)
    let peer = "12D3KooWKv5S57NBYcDERx5bbBHkr9nEJbPzkkLBnjjDLN1NAjcx"
    _ = await stake.verdict(peer)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(await stake.verdict(peer)) }
  }
}

/// Answers at once; what is measured is the decision that never reaches it.
private struct EverybodyStaked: StakeSource {
  let block: BlockReference
  func isStaked(_ peerID: String, _ requirement: StakeRequirement) async throws -> StakeAnswer {
    StakeAnswer(isStaked: true, block: block)
  }
}
