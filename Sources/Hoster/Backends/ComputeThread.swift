import Dispatch

/// A thread of its own for actors that compute long, so that those which serve timers and sockets stay free (P-4).
///
/// Jobs run one at a time in the order in which they came. So actors that share it take turns.
final class ComputeThread: SerialExecutor {
  private let queue: DispatchQueue

  /// - Parameter label: what debuggers and crash reports call it.
  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
