import Foundation
import Protocols
import Substrate
import Validator

/// What the validator's database and scoring take, beside what the project promises. Ends with 1 if a promise is broken.
///
/// The database is made in the folder that the only argument names, on the disk whose speed is of interest.
@main
enum ValidatorStore {
  private static let nodes: UInt32 = 1_000
  private static let probes: UInt16 = 8
  /// Together with nodes and probes, a million observations.
  private static let epochs: UInt32 = 125

  static func main() async throws {
    guard let folder = CommandLine.arguments.dropFirst().first else { exit(64) }
    let store = try Store.open(folder + "/validator.sqlite")
    let answers = try (0..<4).map { try answer($0) }
    var (seconds, work) = (0.0, 0.0)
    var scoring: [Double] = []
    let policy = AgreementPolicy()
    for epoch in 1...epochs {
      let members = (1...nodes).map {
        EpochNode(
          subnetNodeID: $0, peerID: "12D3KooWBenchmarkBenchmarkBenchmarkBenchmark\($0)", hotkey: nil,
          nodeClass: .validator, standing: .hoster)
      }
      try await store.open(EpochRecord(epoch: epoch, firstBlock: UInt64(epoch) * 100, length: 100), nodes: members)
      let batch = observations(epoch, answers)
      let (start, before) = (ContinuousClock.now, processorSeconds)
      try await store.record(batch)
      seconds += (ContinuousClock.now - start) / .seconds(1)
      work += processorSeconds - before
      let evidence = try await store.ownEvidence(epoch)
      let begin = ContinuousClock.now
      let sheet = policy.score(evidence)
      scoring.append((ContinuousClock.now - begin) / .milliseconds(1))
      try await store.record(sheet, by: policy, agreement: OwnView.name, evidence: evidence.digest, block: 1)
    }
    let count = Double(nodes) * Double(probes) * Double(epochs)
    let rate = count / seconds
    let median = scoring.sorted()[scoring.count / 2]
    let latest = try await report(store, SummaryQuery(epochs: epochs...epochs))
    let node = try await report(store, SummaryQuery(epochs: 0...epochs, subnetNodeID: 500))
    let all = try await report(store, SummaryQuery(epochs: 0...epochs))
    try store.close()

    let stored = "observations stored, in batches of \(batchSize)     \(Int(rate)) /s"
    print("\(stored)   promised 20000 /s  \(verdict(rate >= 20_000))")
    print("the same by the processor's time alone          \(Int(count / work)) /s   for a shared machine")
    show("scoring 1,000 nodes × 8 probes", median, promised: 50)
    show("report of the newest epoch, of 1,000,000 calls", latest, promised: 1_000)
    show("report of one node over all epochs", node, promised: 1_000)
    show("report of all epochs, 10,000 lines", all, promised: 1_000)
    guard rate >= 20_000, median <= 50, max(latest, node, all) <= 1_000 else { exit(1) }
  }

  /// What this process has worked so far, whatever else the machine does.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static var batchSize: Int { Int(nodes) * Int(probes) }

  private static func observations(_ epoch: UInt32, _ answers: [AnswerDigest]) -> [Observation] {
    (1...nodes).flatMap { node in
      (0..<probes).map { probe in
        Observation(
          epoch: epoch, subnetNodeID: node, probe: probe,
          peerID: "12D3KooWBenchmarkBenchmarkBenchmarkBenchmark\(node)", requestDigest: .sha256([UInt8(probe)]),
          verdict: .accepted, reason: .answered, answer: answers[node.isMultiple(of: 10) ? 1 : 0], tokenCount: 32,
          firstMessage: 20_000, total: 400_000, block: UInt64(epoch) * 100 + 55)
      }
    }
  }

  private static func answer(_ number: UInt8) throws -> AnswerDigest {
    guard let answer = Answer(.int64, shape: [32], bytes: [UInt8](repeating: number, count: 256)) else { exit(70) }
    return AnswerDigest(answer)
  }

  /// Milliseconds of the median of five reports.
  private static func report(_ store: Store, _ query: SummaryQuery) async throws -> Double {
    var times: [Double] = []
    for _ in 0..<5 {
      let start = ContinuousClock.now
      _ = try await store.summaries(query)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
    }
    return times.sorted()[2]
  }

  /// Prints milliseconds beside what is promised.
  private static func show(_ name: String, _ time: Double, promised: Int) {
    let figure = name.padding(toLength: 48, withPad: " ", startingAt: 0) + String(format: "%8.2f ms", time)
    print("\(figure)    promised \(promised) ms  \(verdict(time <= Double(promised)))")
  }

  /// The word that `scripts/bench` looks for.
  private static func verdict(_ isMet: Bool) -> String { isMet ? "met" : "MISSED" }
}
