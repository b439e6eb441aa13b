import Dispatch
import Foundation
import Testing

@testable import Hoster

@Suite("Threads that compute", .timeLimit(.minutes(1)))
struct ComputeThreadTests {
  private actor Occupant {
    private let thread = ComputeThread(label: "test")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

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
}
