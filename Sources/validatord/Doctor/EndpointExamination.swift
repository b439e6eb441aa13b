import Foundation
import Substrate

/// Each endpoint of the chain by itself: whether it answers, is of the right chain, and is up to date.
struct EndpointExamination: Sendable {
  private let chain: ChainSettings

  /// Blocks that one endpoint may be behind another.
  private static let tolerance: UInt64 = 5
  /// Milliseconds for an answer above which duties become tight.
  private static let slow = 1500.0

  init(_ chain: ChainSettings) { self.chain = chain }

  private struct Answer: Sendable {
    let genesis: BlockHash
    let best: UInt64
    let finalized: UInt64
    let isSyncing: Bool
    let milliseconds: Double
  }

  private struct Heard: Sendable {
    let index: Int
    let answer: Result<Answer, any Error>
  }

  func findings() async -> [Finding] {
    let answers = await withTaskGroup(of: Heard.self) { group in
      for (index, endpoint) in chain.endpoints.enumerated() {
        group.addTask { Heard(index: index, answer: await ask(endpoint)) }
      }
      return await group.reduce(into: [:]) { $0[$1.index] = $1.answer }
    }
    let newest = answers.values.compactMap { try? $0.get().best }.max() ?? 0
    var findings = chain.endpoints.enumerated().map { index, endpoint in
      judge("\(endpoint)", answers[index], newest: newest)
    }
    let chains = Set(answers.values.compactMap { try? $0.get().genesis })
    if chains.count > 1, chain.genesis == nil {
      findings.append(
        Finding(
          "endpoints", .failure, "they are of \(chains.count) different chains",
          remedy: "Set chain.genesis, and leave out the endpoints of other chains."))
    } else if chain.genesis == nil {
      findings.append(
        Finding(
          "endpoints", .warning, "chain.genesis is not set",
          remedy:
            "Set it to \(chains.first.map(\.description) ?? "the chain's genesis hash"): only it tells chains apart."))
    }
    return findings
  }

  private func ask(_ endpoint: RPCEndpoint) async -> Result<Answer, any Error> {
    do {
      return .success(
        try await Connection.with([endpoint], genesisHash: nil) { rpc in
          let client = try await ChainClient(rpc)
          let start = ContinuousClock.now
          let best = try await client.best().number
          let time = (ContinuousClock.now - start).components
          let health = try? await rpc.call("system_health", [], timeout: .seconds(10))
          return Answer(
            genesis: client.genesisHash, best: best, finalized: try await client.finalized().number,
            isSyncing: health?["isSyncing"]?.boolValue ?? false,
            milliseconds: Double(time.seconds) * 1000 + Double(time.attoseconds) / 1e15)
        })
    } catch {
      return .failure(error)
    }
  }

  private func judge(_ name: String, _ result: Result<Answer, any Error>?, newest: UInt64) -> Finding {
    let answer: Answer
    switch result {
    case .success(let given): answer = given
    case .failure(let error): return Finding("endpoint", failed: error)
    case nil: return Finding("endpoint", .skipped, name)
    }
    if let genesis = chain.genesis, genesis != answer.genesis {
      return Finding(
        "endpoint", .failure, "\(name) is of the chain \(answer.genesis)",
        remedy: "Leave it out, or mend chain.genesis.")
    }
    let text = "\(name): block \(answer.best), final \(answer.finalized), \(Int(answer.milliseconds)) ms"
    if answer.isSyncing {
      return Finding("endpoint", .failure, text + ", still syncing", remedy: "Wait until it has caught up.")
    }
    if newest - answer.best > Self.tolerance {
      return Finding(
        "endpoint", .warning, text + ", \(newest - answer.best) blocks behind another", remedy: "Look at that node.")
    }
    if answer.milliseconds > Self.slow {
      return Finding("endpoint", .warning, text, remedy: "It is slow; use a node that is nearer.")
    }
    return Finding("endpoint", .ok, text)
  }
}
