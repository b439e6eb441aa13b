public import NIOCore

/// Runs tasks on an event loop, so that what they do with its streams wakes no other thread.
public final class EventLoopTaskExecutor: TaskExecutor {
  /// Where the tasks run.
  public let eventLoop: any EventLoop

  /// The tasks of the executor must end before `eventLoop` does.
  public init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
