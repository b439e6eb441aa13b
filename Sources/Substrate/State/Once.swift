private import Synchronization

/// A value that is made when it is first asked for, and made again only if that failed.
///
/// Callers that ask while it is being made wait for the one that makes it.
package final class Once<Value: Sendable>: Sendable {
  private let make: @Sendable () async throws -> Value
  private let task = Mutex<Task<Value, any Error>?>(nil)

  package init(_ make: @escaping @Sendable () async throws -> Value) {
    self.make = make
  }

  package func value() async throws -> Value {
    let running = task.withLock { task in
      if let task { return task }
      // Unstructured, so that a caller who gives up does not take the value from the others.
      let started = Task(operation: make)
      task = started
      return started
    }
    do { return try await running.valueUnlessCancelled() } catch {
      // A caller who gave up says nothing of the value.
      if Task.isCancelled { throw error }
      task.withLock { if $0 == running { $0 = nil } }
      throw error
    }
  }
}
