extension Task {
  /// The task's value, or `CancellationError` as soon as the waiting task is cancelled. The awaited task goes
  /// on all the same, for whoever else waits for it.
  package func valueUnlessCancelled() async throws -> Success {
    let (results, continuation) = AsyncStream.makeStream(of: Result<Success, Failure>.self)
    Task<Void, Never> {
      continuation.yield(await self.result)
      continuation.finish()
    }
    for await result in results { return try result.get() }
    throw _Concurrency.CancellationError()
  }
}
