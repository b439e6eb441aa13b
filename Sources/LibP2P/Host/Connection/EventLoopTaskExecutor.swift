public import NIOCore

/// Runs tasks on an event loop, so that what they do with its streams wakes no other thread.
public final class EventLoopTaskExecutor: TaskExecutor {
  /// Where the tasks run.
  public let eventLoop: any EventLoop
  private let afterJob: (@Sendable () -> Void)?

  /// The tasks of the executor must end before `eventLoop` does.
  public convenience init(_ eventLoop: any EventLoop) { self.init(eventLoop, afterJob: nil) }

  /// - Parameter afterJob: called on the event loop each time that a task gives it back.
  init(_ eventLoop: any EventLoop, afterJob: (@Sendable () -> Void)?) {
    self.eventLoop = eventLoop
    self.afterJob = afterJob
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute {
      job.runSynchronously(on: self.asUnownedTaskExecutor())
      self.afterJob?()
    }
  }
}
