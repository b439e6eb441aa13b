import Dispatch
import Synchronization

/// A thread of its own for actors that compute long, so that those which serve timers and sockets stay free (P-4).
///
/// Jobs run one at a time. Whose is next is decided when the one before it has ended: by priority, and in turn between
/// peers, however many actors compute for one of them (P-84).
final class ComputeThread: Sendable {
  private struct Job: Sendable {
    let job: UnownedJob
    let seat: Seat
  }

  /// The thread as the executor of what computes for one peer.
  final class Seat: SerialExecutor {
    private let thread: ComputeThread
    fileprivate let asker: InferenceAsker

    fileprivate init(_ thread: ComputeThread, _ asker: InferenceAsker) { (self.thread, self.asker) = (thread, asker) }

    func enqueue(_ job: consuming ExecutorJob) { thread.enqueue(UnownedJob(job), of: self) }
  }

  private let queue: DispatchQueue
  private let waiting = Mutex(PeerTurns<Job>())

  /// - Parameter label: what debuggers and crash reports call it.
  init(label: String) { queue = DispatchQueue(label: label) }

  /// Jobs that have not begun.
  var waitingCount: Int { waiting.withLock(\.count) }

  /// The executor for what one asks.
  func seat(for asker: InferenceAsker) -> Seat { Seat(self, asker) }

  private func enqueue(_ job: UnownedJob, of seat: Seat) {
    waiting.withLock { $0.append(Job(job: job, seat: seat), of: seat.asker.peer, at: seat.asker.priority) }
    // As many runs as jobs; which of them a run takes is open until then.
    queue.async {
      guard let next = self.waiting.withLock({ $0.popFirst() }) else { return }
      next.job.runSynchronously(on: next.seat.asUnownedSerialExecutor())
    }
  }
}
