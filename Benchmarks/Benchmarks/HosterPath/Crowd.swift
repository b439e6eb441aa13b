import LibP2P
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
      var ends: [Double] = []
    }

    private let state = Mutex(State())
    private let half: Int

    init(tokens: Int32) { half = Crowd.streams * Int(tokens) / 2 }

    /// Each stream's tokens when half of all had come.
    var atHalf: [Int] { state.withLock { $0.atHalf ?? [] } }
    /// The times at which streams ended, in seconds from the start.
    var ends: [Double] { state.withLock(\.ends) }

    func note(_ stream: Int) {
      state.withLock { state in
        state.tokens[stream] += 1
        state.total += 1
        if state.total == half { state.atHalf = state.tokens }
      }
    }

    func noteEnd(after seconds: Double) { state.withLock { $0.ends.append(seconds) } }
  }

  static func measure(tokens: Int32, hoster: String, keys: [String]) async throws {
    guard tokens > 1, !keys.isEmpty else { throw HosterPath.Failure("a crowd needs tokens and keys") }
    let progress = Progress(tokens: tokens)
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, key) in keys.enumerated() {
        let own = stride(from: index, to: streams, by: keys.count).map(\.self)
        group.addTask { try await ask(own, tokens, hoster, key, progress, start) }
      }
      try await group.waitForAll()
    }
    let ends = progress.ends
    guard ends.count == streams else { throw HosterPath.Failure("only \(ends.count) streams ended") }
    let ofPeers = keys.indices.map { index in
      stride(from: index, to: streams, by: keys.count).reduce(0) { $0 + progress.atHalf[$1] }
    }
    HosterPath.report([
      "seconds": ends.max() ?? 0, "slowest/fastest": (ends.max() ?? 0) / (ends.min() ?? 1),
      "fairness of streams": fairness(progress.atHalf), "fairness of peers": fairness(ofPeers),
      "tokens a second": Double(streams) * Double(tokens) / (ends.max() ?? 1),
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
            guard count == tokens else { throw HosterPath.Failure("stream \(number) ended after \(count) tokens") }
            progress.noteEnd(after: (ContinuousClock.now - start) / .seconds(1))
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
