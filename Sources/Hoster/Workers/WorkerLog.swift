import LibP2P
import Logging
import NIOCore
import Synchronization

/// What a worker writes to its standard output and error, in this node's log: escaped, cut, and sparingly.
final class WorkerLog: Sendable {
  /// Bytes of a line that are shown.
  static let lineLength = 4096
  /// Lines at once, and the time after which there may be another.
  static let burst = 200
  static let interval = TimeAmount.milliseconds(50)

  private struct State {
    var budget = TokenBucket(burst: WorkerLog.burst, interval: WorkerLog.interval)
    var dropped = 0
  }

  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter logger: says which worker it is.
  init(_ logger: Logger) { self.logger = logger }

  func write(_ line: [UInt8], isCut: Bool, stream: String) {
    let (isGranted, dropped) = state.withLock { state in
      guard state.budget.take(now: .now()) else {
        state.dropped += 1
        return (false, 0)
      }
      defer { state.dropped = 0 }
      return (true, state.dropped)
    }
    guard isGranted else { return }
    if dropped > 0 { logger.warning("the worker writes too much", metadata: ["dropped": "\(dropped)"]) }
    let text = String(decoding: line, as: UTF8.self).unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
    logger.info("\(text)\(isCut ? "…" : "")", metadata: ["stream": "\(stream)"])
  }
}
