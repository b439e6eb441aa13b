import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Hoster

@Suite("Threads that compute", .timeLimit(.minutes(1)))
struct ComputeThreadTests {
  private actor Occupant {
    private let seat: ComputeThread.Seat
    nonisolated var unownedExecutor: UnownedSerialExecutor { seat.asUnownedSerialExecutor() }

    init(_ seat: ComputeThread.Seat = ComputeThread(label: "test").seat(for: .node)) { self.seat = seat }

    /// Blocks the thread, as a model does.
    func compute(_ begun: DispatchSemaphore, until end: DispatchSemaphore) {
      begun.signal()
      end.wait()
    }
  }

  @Test("P-4 while more of them are busy than the machine has cores, timers and tasks go on")
  func responsiveness() async throws {
    let occupants = (0..<ProcessInfo.processInfo.activeProcessorCount + 2).map { _ in Occupant() }
    let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let work = Task {
      await withTaskGroup { group in
        for occupant in occupants { group.addTask { await occupant.compute(begun, until: end) } }
      }
    }
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "watch").async {
        for _ in occupants { begun.wait() }
        continuation.resume()
      }
    }
    // All are inside their computation now, and stay there until this task, on the shared pool, lets them go.
    try await Task.sleep(for: .milliseconds(1))
    await withTaskGroup { group in for _ in 0..<100 { group.addTask { await Task.yield() } } }
    for _ in occupants { end.signal() }
    await work.value
  }

  private actor Recorder {
    private let seat: ComputeThread.Seat
    private let record: @Sendable () -> Void
    nonisolated var unownedExecutor: UnownedSerialExecutor { seat.asUnownedSerialExecutor() }

    init(_ seat: ComputeThread.Seat, _ record: @escaping @Sendable () -> Void) {
      (self.seat, self.record) = (seat, record)
    }

    func compute() { record() }
  }

  @Test("P-84 peers take turns on a thread, however many actors compute for one; what is prior goes first")
  func turns() async throws {
    let thread = ComputeThread(label: "test")
    let order = Mutex<[String]>([])
    let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let occupant = Occupant(thread.seat(for: .node))
    let occupation = Task { await occupant.compute(begun, until: end) }
    await Self.wait(for: begun)
    var tasks: [Task<Void, Never>] = []
    // Each is in the queue before the next one comes, as the thread is occupied.
    for (index, peer) in ["a", "a", "a", "b", "c", ""].enumerated() {
      let asker = peer.isEmpty ? InferenceAsker.node : InferenceAsker(peer: peer, priority: 10)
      let recorder = Recorder(thread.seat(for: asker)) { order.withLock { $0.append("\(peer)\(index)") } }
      tasks.append(Task { await recorder.compute() })
      while thread.waitingCount <= index { await Task.yield() }
    }
    end.signal()
    await occupation.value
    for task in tasks { await task.value }
    #expect(order.withLock(\.self) == ["5", "a0", "b3", "c4", "a1", "a2"])
  }

  /// Waits without holding a thread of the shared pool.
  private static func wait(for semaphore: DispatchSemaphore) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        semaphore.wait()
        continuation.resume()
      }
    }
  }
}
