import CProcess
import Foundation
import Synchronization

/// The process between a node and a worker, which sees to it that nothing of the worker is left when either ends.
///
/// It adopts whatever its descendants leave behind, so that not even those escape it which leave the process group or
/// the session. It ends them all when the worker ends, when the node tells it to by SIGTERM, and, after
/// ``patience``, when the node is gone, however that happened: then the pipe has lost its other end. When the guard
/// itself is killed, the kernel kills the worker.
public final class WorkerGuard: Sendable {
  /// How long a worker may take to end by itself when the node is gone.
  static let patience: TimeInterval = 1
  /// How long the guard tries to kill what forks faster than it can be killed.
  static let killing = Duration.seconds(2)
  /// Exit codes of the guard itself, as shells have them.
  static let cannotStart: Int32 = 126

  private let isEnding = Mutex(false)

  private init() {}

  /// Runs a program as a worker, and ends this process as the program ended.
  ///
  /// - Parameter command: the program by absolute path, and its arguments.
  public static func run(_ command: [String]) -> Never {
    WorkerGuard().run(command)
  }

  private func run(_ command: [String]) -> Never {
    // A terminal's signals go to the whole group; they are the worker's business.
    for number in [SIGINT, SIGHUP, SIGQUIT] { signal(number, SIG_IGN) }
    var termination = sigset_t()
    sigemptyset(&termination)
    sigaddset(&termination, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &termination, nil)
    _ = cprocess_adopt_orphans()
    guard let worker = start(command) else { Glibc.exit(Self.cannotStart) }
    Thread.detachNewThread { [self, termination] in
      var (awaited, number) = (termination, Int32(0))
      sigwait(&awaited, &number)
      end()
    }
    Thread.detachNewThread { [self] in
      cprocess_wait_for_hangup(WorkerInvitation.pipe)
      Thread.sleep(forTimeInterval: Self.patience)
      end()
    }
    reap(worker)
  }

  private func start(_ command: [String]) -> pid_t? {
    guard let program = command.first else { return nil }
    var environment = ProcessInfo.processInfo.environment
    guard let limits = WorkerLimits(text: environment.removeValue(forKey: WorkerLimits.variable) ?? "") else {
      Self.complain("\(WorkerLimits.variable) can't be read")
      return nil
    }
    guard let id = spawn(program, command, environment) else { return nil }
    if let complaint = limits.apply(to: id) {
      Self.complain(complaint)
      kill(id, SIGKILL)
      return nil
    }
    return id
  }

  private func spawn(_ program: String, _ command: [String], _ environment: [String: String]) -> pid_t? {
    CStrings.with(command) { arguments in
      CStrings.with(environment.map { "\($0.key)=\($0.value)" }) { environment in
        CStrings.with([program]) { path in
          var plan = cprocess_plan()
          plan.program = UnsafePointer(path[0])
          plan.arguments = arguments
          plan.environment = environment
          (plan.output, plan.errors, plan.pipe) = (1, 2, WorkerInvitation.pipe)
          // This thread goes on to wait for the worker, and is there as long as the guard.
          plan.ends_with_parent = 1
          var id: pid_t = 0
          let error = cprocess_spawn(&id, &plan)
          if error != 0 { Self.complain("can't run \(program): \(String(cString: strerror(error)))") }
          return error == 0 ? id : nil
        }
      }
    }
  }

  /// Takes note of every descendant's end; when there is none left, ends as the worker did.
  private func reap(_ worker: pid_t) -> Never {
    var workerStatus: Int32 = 0
    while true {
      var status: Int32 = 0
      let ended = waitpid(-1, &status, 0)
      if ended == worker {
        workerStatus = status
        Thread.detachNewThread { [self] in end() }
      } else if ended < 0, errno == ECHILD {
        Self.exit(like: WorkerExit(status: workerStatus))
      }
    }
  }

  /// Kills all descendants, until ``reap(_:)`` sees that there is none.
  private func end() {
    let isFirst = isEnding.withLock { isEnding in
      defer { isEnding = true }
      return !isEnding
    }
    guard isFirst else { return }
    let last = ContinuousClock.now + Self.killing
    while ContinuousClock.now < last {
      for descendant in ProcessTree.descendants(of: getpid()) { kill(descendant, SIGKILL) }
      Thread.sleep(forTimeInterval: 0.02)
    }
    kill(0, SIGKILL)
  }

  private static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  private static func exit(like end: WorkerExit) -> Never {
    if case .signal(let number) = end {
      signal(number, SIG_DFL)
      kill(getpid(), number)
    }
    if case .code(let code) = end { _exit(code) }
    _exit(Self.cannotStart)
  }
}
