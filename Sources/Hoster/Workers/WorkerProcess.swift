import CProcess
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A worker's process group: its guard, the worker and what that starts. Thin: it starts, listens, asks and kills;
/// what follows from what is decided by ``WorkerStateMachine``.
final class WorkerProcess: Sendable {
  /// What is told of the process, in this order.
  enum Event: Sendable {
    case report(WorkerReport)
    case exited(WorkerExit)
  }

  /// How long a guard that is told to kill may take before its group is killed without it.
  static let guardPatience = WorkerGuard.killing + .seconds(1)
  /// How long the last report of a process that has ended may take to arrive.
  static let reportPatience = Duration.seconds(1)

  /// The guard's process id, which is that of its group.
  let id: pid_t
  private let pipe: any Channel
  /// Whether ``id`` may belong to somebody else by now.
  private let isReaped = Mutex(false)

  private init(id: pid_t, pipe: any Channel) {
    self.id = id
    self.pipe = pipe
  }

  /// Starts a worker behind its guard.
  ///
  /// - Parameter onEvent: is told from any thread.
  /// - Throws: ``WorkerError`` `worker.spawn`.
  static func start(
    _ command: WorkerCommand, guardedBy guardian: WorkerGuardian, _ invitation: WorkerInvitation, log: WorkerLog,
    onEvent: @escaping @Sendable (Event) -> Void
  ) async throws(WorkerError) -> WorkerProcess {
    guard access(command.program, X_OK) == 0 else {
      throw WorkerError(.spawn, "\(command.program.quoted(limit: 256)) can't be run: \(text(errno))")
    }
    let descriptors = try ChildDescriptors()
    let id: pid_t
    let environment = command.environment(from: ProcessInfo.processInfo.environment, invitation)
    do throws(WorkerError) {
      id = try spawn(guardian, command, environment, descriptors)
    } catch {
      descriptors.closeAll()
      throw error
    }
    descriptors.closeChildEnds()
    do {
      let pipe = try await descriptors.listen(log, onEvent)
      let process = WorkerProcess(id: id, pipe: pipe)
      process.awaitExit(onEvent)
      return process
    } catch {
      _ = Glibc.kill(-id, SIGKILL)
      var status: Int32 = 0
      waitpid(id, &status, 0)
      throw WorkerError(.spawn, "the worker can't be listened to: \(error)")
    }
  }

  /// Asks it to end: one byte, at which a worker stops taking requests and ends. It is the end of a line, so that
  /// those who read lines see it, too.
  func askToStop() { pipe.writeAndFlush(ByteBuffer(string: "\n"), promise: nil) }

  /// Kills it, and all that it has started.
  func kill() {
    // The guard knows also those that have left the group.
    signal(id, SIGTERM)
    Task { [self] in
      try? await Task.sleep(for: Self.guardPatience)
      signal(-id, SIGKILL)
    }
  }

  private func signal(_ target: pid_t, _ number: Int32) {
    isReaped.withLock { isReaped in
      if !isReaped { _ = Glibc.kill(target, number) }
    }
  }

  /// Waits for the end of the guard, on a thread of its own: there is no other way to wait for one process that
  /// neither polls nor takes the children of others in this process.
  private func awaitExit(_ onEvent: @escaping @Sendable (Event) -> Void) {
    Thread.detachNewThread { [self] in
      var information = siginfo_t()
      while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
      var status: Int32 = 0
      isReaped.withLock { isReaped in
        // Whoever is left in the group has lost its guard.
        _ = Glibc.kill(-id, SIGKILL)
        waitpid(id, &status, 0)
        isReaped = true
      }
      let exit = WorkerExit(status: status)
      Task { [self] in
        let late = Task {
          try await Task.sleep(for: Self.reportPatience)
          pipe.close(promise: nil)
        }
        try? await pipe.closeFuture.get()
        late.cancel()
        onEvent(.exited(exit))
      }
    }
  }

  private static func spawn(
    _ guardian: WorkerGuardian, _ command: WorkerCommand, _ environment: [String: String],
    _ descriptors: ChildDescriptors
  ) throws(WorkerError) -> pid_t {
    let arguments = guardian.arguments + [command.program] + command.arguments
    let result = CStrings.with(arguments) { arguments in
      CStrings.with(environment.map { "\($0.key)=\($0.value)" }) { environment in
        CStrings.with([guardian.program, command.folder].compactMap(\.self)) { paths in
          var plan = cprocess_plan()
          plan.program = UnsafePointer(paths[0])
          plan.arguments = arguments
          plan.environment = environment
          plan.folder = command.folder == nil ? nil : UnsafePointer(paths[1])
          (plan.output, plan.errors, plan.pipe) = (
            descriptors.output.child, descriptors.errors.child, descriptors.pipe.child
          )
          plan.leads_group = 1
          var id: pid_t = 0
          let error = cprocess_spawn(&id, &plan)
          return (id, error)
        }
      }
    }
    guard result.1 == 0 else {
      throw WorkerError(.spawn, "\(command.program.quoted(limit: 256)) can't be started: \(text(result.1))")
    }
    return result.0
  }

  fileprivate static func text(_ error: Int32) -> String { String(cString: strerror(error)) }
}

/// The descriptors between this process and a worker's: this side's ends and the child's.
private struct ChildDescriptors {
  typealias Ends = (own: Int32, child: Int32)

  let output: Ends
  let errors: Ends
  let pipe: Ends

  init() throws(WorkerError) {
    var made: [Ends] = []
    for make in [cprocess_pipe, cprocess_pipe, cprocess_socket_pair] {
      var ends: [Int32] = [-1, -1]
      let error = make(&ends)
      guard error == 0 else {
        for ends in made {
          close(ends.own)
          close(ends.child)
        }
        throw WorkerError(.spawn, "there is no descriptor left: \(WorkerProcess.text(error))")
      }
      made.append((ends[0], ends[1]))
    }
    (output, errors, pipe) = (made[0], made[1], made[2])
  }

  func closeChildEnds() {
    for ends in [output, errors, pipe] { close(ends.child) }
  }

  func closeAll() {
    for ends in [output, errors, pipe] { close(ends.own) }
    closeChildEnds()
  }

  /// Hands this side's ends to channels. Gives the pipe's.
  func listen(
    _ log: WorkerLog, _ onEvent: @escaping @Sendable (WorkerProcess.Event) -> Void
  ) async throws -> any Channel {
    let group = MultiThreadedEventLoopGroup.singleton
    for (ends, name) in [(output, "stdout"), (errors, "stderr")] {
      _ = try await NIOPipeBootstrap(group: group)
        .channelOption(.autoRead, value: false)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              LineHandler(limit: WorkerLog.lineLength) { log.write($0, isCut: $1, stream: name) })
          }
        }
        .takingOwnershipOfDescriptor(input: ends.own).get()
    }
    return try await ClientBootstrap(group: group)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          var left = WorkerReport.maximumCount
          try channel.pipeline.syncOperations.addHandler(
            LineHandler(limit: WorkerReport.maximumLength) { line, isCut in
              left = max(-1, left - 1)
              if left >= 0, !isCut, let report = WorkerReport(line: line) { onEvent(.report(report)) }
            })
        }
      }
      .withConnectedSocket(pipe.own).get()
  }
}
