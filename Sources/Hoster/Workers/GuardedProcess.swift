import CProcess
import Foundation
import Synchronization

/// Another program as a child of this process, behind a guard: nothing of it is left when this process ends, however
/// that happens.
///
/// ``WorkerSupervisor`` has what a worker of a node needs; this is for programs that speak for themselves, such as the
/// nodes of a local network.
public final class GuardedProcess: Sendable {
  /// What is started, and where its output goes.
  public struct Plan: Sendable {
    /// By absolute path.
    public var program: String
    public var arguments: [String]
    public var environment: [String: String]
    /// Its working folder; nil for this process's.
    public var folder: String?
    /// Descriptors that become its standard output and standard error. They stay open here, too.
    public var output: Int32
    public var errors: Int32

    public init(
      program: String, arguments: [String], environment: [String: String], folder: String? = nil, output: Int32,
      errors: Int32
    ) {
      self.program = program
      self.arguments = arguments
      self.environment = environment
      self.folder = folder
      self.output = output
      self.errors = errors
    }
  }

  /// How a program ended.
  public enum Exit: Hashable, Sendable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    public var description: String {
      switch self {
      case .code(let code): "ended with code \(code)"
      case .signal(let signal): "was ended by signal \(signal)"
      }
    }
  }

  /// How long a guard that is told to kill may take before its group is killed without it.
  private static let guardPatience = Duration.seconds(3)

  /// The guard's process id, which is that of its group.
  public let guardID: Int32
  /// This side's end of the pipe whose other end the guard watches.
  private let pipe: Int32
  private let state = Mutex(State())

  private struct State {
    /// Nil as long as the process runs.
    var exit: Exit?
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter = 0
  }

  private init(guardID: Int32, pipe: Int32) {
    self.guardID = guardID
    self.pipe = pipe
  }

  /// Starts a program.
  ///
  /// - Throws: ``WorkerError`` `worker.spawn`.
  public static func start(_ plan: Plan, guardedBy guardian: WorkerGuardian = .ownProgram) throws(WorkerError)
    -> GuardedProcess
  {
    guard access(plan.program, X_OK) == 0 else {
      throw WorkerError(.spawn, "\(plan.program.quoted(limit: 256)) can't be run: \(text(errno))")
    }
    var ends: [Int32] = [-1, -1]
    let error = cprocess_socket_pair(&ends)
    guard error == 0 else { throw WorkerError(.spawn, "there is no descriptor left: \(text(error))") }
    defer { close(ends[1]) }
    do throws(WorkerError) {
      let process = GuardedProcess(guardID: try spawn(plan, guardian, pipe: ends[1]), pipe: ends[0])
      process.awaitEnd()
      return process
    } catch {
      close(ends[0])
      throw error
    }
  }

  /// How it ended; nil while it runs.
  public var exit: Exit? { state.withLock(\.exit) }

  /// Waits until it has ended.
  ///
  /// - Returns: how; nil if the waiting task was cancelled before.
  public func waitForExit() async -> Exit? {
    let number = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.exit == nil, !Task.isCancelled else { return true }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
    return exit
  }

  /// The program's own process id; nil before the guard has started it, and after its end.
  public var programID: Int32? {
    state.withLock { state in state.exit == nil ? ProcessTree.oldestChild(of: guardID) : nil }
  }

  /// Sends the program, and nothing else behind the guard, a signal.
  ///
  /// - Returns: whether there was somebody to send it to.
  @discardableResult
  public func signal(_ number: Int32) -> Bool {
    state.withLock { state in
      guard state.exit == nil, let program = ProcessTree.oldestChild(of: guardID) else { return false }
      return Glibc.kill(program, number) == 0
    }
  }

  /// Asks it to end by SIGTERM, and kills it with all that it has started if it does not.
  ///
  /// - Parameter patience: how long it may take.
  public func stop(patience: Duration) async {
    // One that is stopped by a signal would not notice.
    signal(SIGCONT)
    if signal(SIGTERM), await isOver(within: patience) { return }
    tell(guardID, SIGTERM)
    if await isOver(within: Self.guardPatience) { return }
    tell(-guardID, SIGKILL)
    _ = await waitForExit()
  }

  private func isOver(within limit: Duration) async -> Bool {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = await self.waitForExit() }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
    return exit != nil
  }

  private func tell(_ target: pid_t, _ number: Int32) {
    state.withLock { state in
      if state.exit == nil { _ = Glibc.kill(target, number) }
    }
  }

  /// Waits for the end of the guard, on a thread of its own, as for a worker.
  private func awaitEnd() {
    Thread.detachNewThread { [self] in
      var information = siginfo_t()
      while waitid(P_PID, id_t(guardID), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
      let waiters = state.withLock { state in
        // Whoever is left in the group has lost its guard.
        _ = Glibc.kill(-guardID, SIGKILL)
        var status: Int32 = 0
        waitpid(guardID, &status, 0)
        let signal = cprocess_signal(status)
        state.exit = signal == 0 ? .code(cprocess_exit_code(status)) : .signal(signal)
        defer { state.waiters = [:] }
        return Array(state.waiters.values)
      }
      close(pipe)
      for waiter in waiters { waiter.resume() }
    }
  }

  private static func spawn(_ plan: Plan, _ guardian: WorkerGuardian, pipe: Int32) throws(WorkerError) -> pid_t {
    let result = CStrings.with(guardian.arguments + [plan.program] + plan.arguments) { arguments in
      CStrings.with(plan.environment.map { "\($0.key)=\($0.value)" }) { environment in
        CStrings.with([guardian.program, plan.folder].compactMap(\.self)) { paths in
          var made = cprocess_plan()
          made.program = UnsafePointer(paths[0])
          made.arguments = arguments
          made.environment = environment
          made.folder = plan.folder == nil ? nil : UnsafePointer(paths[1])
          (made.output, made.errors, made.pipe) = (plan.output, plan.errors, pipe)
          made.leads_group = 1
          var id: pid_t = 0
          let error = cprocess_spawn(&id, &made)
          return (id, error)
        }
      }
    }
    guard result.1 == 0 else {
      throw WorkerError(.spawn, "\(plan.program.quoted(limit: 256)) can't be started: \(text(result.1))")
    }
    return result.0
  }

  private static func text(_ error: Int32) -> String { String(cString: strerror(error)) }
}
