import LibP2P
import MeasuredNode
import Protocols

/// How long a hoster takes to say what it is, while its workers do nothing but compute.
enum Information {
  private static let seconds: Int32 = 10

  static func measure(key: String, hoster: String, workers: Int) async throws {
    try await HosterPath.withStub(try PeerKeyFile.read(key), hoster) { stub in
      for _ in 0..<50 { _ = try await time(stub) }
      let prompt = try Tensor(tokenIDs: StampingBackend.prompt(.compute, seconds * 1000))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<workers {
          group.addTask {
            for try await _ in try await stub.inferenceStream(tensor: prompt, maximumNewTokens: 1) {}
          }
        }
        // By then every worker has its request.
        try await Task.sleep(for: .milliseconds(200))
        let end = ContinuousClock.now + .seconds(Int(seconds)) - .milliseconds(500)
        var times: [Double] = []
        while ContinuousClock.now < end {
          times.append(try await time(stub))
          try await Task.sleep(for: .milliseconds(5))
        }
        try await group.waitForAll()
        times.sort()
        Figures.report([
          "p50": times[times.count / 2], "p99": times[times.count * 99 / 100], "longest": times.last ?? 0,
          "calls": Double(times.count),
        ])
      }
    }
  }

  private static func time(_ stub: Stub<InferenceProtocol>) async throws -> Double {
    let start = ContinuousClock.now
    guard await stub.callInfo() != nil else { throw Worthless("the hoster said nothing") }
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
