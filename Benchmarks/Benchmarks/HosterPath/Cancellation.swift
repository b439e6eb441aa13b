import LibP2P
import MeasuredNode
import Protocols

/// How long a worker goes on with an answer that nobody reads any more.
enum Cancellation {
  private static let rounds = 200
  /// Between two tokens; the worker notices at the next one.
  private static let pace: Int32 = 1000
  private static let patience = Duration.seconds(5)

  static func measure(key: String, hoster: String) async throws {
    try await HosterPath.withStub(try PeerKeyFile.read(key), hoster) { stub in
      var times: [Double] = []
      for _ in 0..<rounds { times.append(try await time(stub)) }
      times.sort()
      Figures.report(["p50": times[times.count / 2], "longest": times.last ?? 0])
    }
  }

  /// Seconds from the moment at which the caller goes away to the worker's last work for it.
  private static func time(_ stub: Stub<InferenceProtocol>) async throws -> Double {
    let before = try await lastStop(stub)
    var left: Int32?
    let prompt = try Tensor(tokenIDs: StampingBackend.prompt(.pace, pace))
    for try await _ in try await stub.inferenceStream(tensor: prompt, maximumNewTokens: 1024) {
      left = StampingBackend.now
      break
    }
    let end = ContinuousClock.now + patience
    while let left, ContinuousClock.now < end {
      let stop = try await lastStop(stub)
      if stop != before { return StampingBackend.seconds(from: left, to: stop) }
    }
    throw Worthless("the worker was not told that nobody reads any more")
  }

  private static func lastStop(_ stub: Stub<InferenceProtocol>) async throws -> Int32 {
    let prompt = try Tensor(tokenIDs: StampingBackend.prompt(.lastStop, 0))
    for try await tensor in try await stub.inferenceStream(tensor: prompt, maximumNewTokens: 1) {
      if let token = try tensor.tokenIDs().first { return token }
    }
    throw Worthless("a message without a token")
  }
}
