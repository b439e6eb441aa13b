import Synchronization

/// Observations on their way to the disk: any number of calls put them in, one writer takes them out.
///
/// It holds no more than the calls that end while one batch is written.
final class ObservationBuffer: Sendable {
  private let waiting = Mutex<[Observation]>([])
  private let signal: AsyncStream<Void>.Continuation

  /// Says that something may have come since the last look; ends with ``finish()``. For one reader.
  let arrivals: AsyncStream<Void>

  init() {
    (arrivals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func add(_ observation: Observation) {
    waiting.withLock { $0.append(observation) }
    signal.yield()
  }

  /// Nothing more comes.
  func finish() { signal.finish() }

  /// What has come since it was asked last, in order.
  func takeAll() -> [Observation] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
