import LibP2P
import MeasuredNode
import Protocols
import Synchronization

/// How evenly a hoster serves many streams at a time.
enum Crowd {
  private static let streams = 200

  /// What came for each stream.
  private final class Progress: Sendable {
    private struct State {
      var tokens = [Int](repeating: 0, count: Crowd.streams)
      var total = 0
      var atHalf: [Int]?
      var ends: [Int: Double] = [:]
    }

    private let state = Mutex(State())
    private let half: Int

    init(tokens: Int32) { half = Crowd.streams * Int(tokens) / 2 }

    /// Each stream's tokens when half of all had come.
    var atHalf: [Int] { state.withLock { $0.atHalf ?? [] } }
    /// The time at which each stream ended, in seconds from the start.
    var ends: [Int: Double] { state.withLock(\.ends) }

    func note(_ stream: Int) {
      state.withLock { state in
        state.tokens[stream] += 1
        state.total += 1
        if state.total == half { state.atHalf = state.tokens }
      }
    }

    func noteEnd(of stream: Int, after seconds: Double) { state.withLock { $0.ends[stream] = seconds } }
  }

  /// - Parameter lone: how many of the peers have one stream; the others share the rest evenly.
  static func measure(tokens: Int32, lone: Int, hoster: String, keys: [String]) async throws {
    guard tokens > 1, (0..<keys.count).contains(lone) else { throw Worthless("a crowd needs tokens and keys") }
    let crowded = keys.count - lone
    let shares = keys.indices.map { index in
      index < crowded ? Array(stride(from: index, to: streams - lone, by: crowded)) : [streams - 1 - (index - crowded)]
    }
    let progress = Progress(tokens: tokens)
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (own, key) in zip(shares, keys) {
        group.addTask { try await ask(own, tokens, hoster, key, progress, start) }
      }
      try await group.waitForAll()
    }
    let ends = progress.ends
    guard ends.count == streams else { throw Worthless("only \(ends.count) streams ended") }
    let (fastest, slowest) = (ends.values.min() ?? 0, ends.values.max() ?? 0)
    Figures.report([
      "seconds": slowest, "slowest/fastest": slowest / fastest,
      "fairness of streams": fairness(progress.atHalf),
      "fairness of peers": fairness(shares.map { $0.reduce(0) { $0 + progress.atHalf[$1] } }),
      "lone": shares.suffix(lone).flatMap(\.self).compactMap { ends[$0] }.max() ?? 0,
      "tokens a second": Double(streams) * Double(tokens) / slowest,
    ])
  }

  /// Jain's index: 1 if all got the same, 1/n if one got everything.
  private static func fairness(_ shares: [Int]) -> Double {
    let sum = shares.reduce(0.0) { $0 + Double($1) }
    let squares = shares.reduce(0.0) { $0 + Double($1) * Double($1) }
    return sum * sum / (Double(shares.count) * squares)
  }

  /// All streams of one peer.
  private static func ask(
    _ numbers: [Int], _ tokens: Int32, _ hoster: String, _ key: String, _ progress: Progress,
    _ start: ContinuousClock.Instant
  ) async throws {
    try await HosterPath.withStub(try PeerKeyFile.read(key), hoster) { stub in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in numbers {
          group.addTask {
            var count = 0
            let prompt = try Tensor(tokenIDs: (0..<16).map { Int32(number + $0) })
            for try await _ in try await stub.inferenceStream(tensor: prompt, maximumNewTokens: tokens) {
              progress.note(number)
              count += 1
            }
            guard count == tokens else { throw Worthless("stream \(number) ended after \(count) tokens") }
            progress.noteEnd(of: number, after: (ContinuousClock.now - start) / .seconds(1))
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
