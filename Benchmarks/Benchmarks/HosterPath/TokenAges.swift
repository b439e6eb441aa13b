import LibP2P
import MeasuredNode
import Protocols

/// How long a token takes from the worker to the peer that asked, through a hoster and without one.
enum TokenAges {
  private static let rounds = 8
  private static let tokens: Int32 = 500
  /// Long enough for one token to be gone before the next: what counts is the way, not the queue.
  private static let pace: Int32 = 1000

  /// Both ways take turns, so that the machine's moods hit both alike.
  static func measure(key: String, hoster: String, direct: String) async throws {
    let identity = try PeerKeyFile.read(key)
    var (through, without): ([Double], [Double]) = ([], [])
    try await HosterPath.withStub(identity, hoster) { hoster in
      try await HosterPath.withStub(identity, direct) { direct in
        for round in 0...rounds {
          let (first, second) = (try await ages(hoster), try await ages(direct))
          // The first round warms up.
          if round > 0 {
            through += first
            without += second
          }
        }
      }
    }
    through.sort()
    without.sort()
    Figures.report([
      "through the hoster": through[through.count / 2], "called directly": without[without.count / 2],
      "through the hoster, p99": through[through.count * 99 / 100],
      "called directly, p99": without[without.count * 99 / 100],
    ])
  }

  private static func ages(_ stub: Stub<InferenceProtocol>) async throws -> [Double] {
    let prompt = try Tensor(tokenIDs: StampingBackend.prompt(.pace, pace))
    var ages: [Double] = []
    for try await tensor in try await stub.inferenceStream(tensor: prompt, maximumNewTokens: tokens) {
      guard let token = try tensor.tokenIDs().first else { throw Worthless("a message without a token") }
      ages.append(StampingBackend.age(of: token))
    }
    guard ages.count == tokens else { throw Worthless("a short stream") }
    return ages
  }
}
