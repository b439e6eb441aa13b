import Foundation
public import Logging
public import ServiceLifecycle

/// Keeps one worker at work: starts it, waits until it is ready, starts it again when it fails, stops it in the end.
///
/// Run it as a service, or with ``runInBackground(awaitReady:timeout:)``. It runs once.
public actor WorkerSupervisor: Service {
  private enum Event: Sendable {
    case process(WorkerProcess.Event, start: Int)
    case broken(WorkerError, start: Int)
    case stop
    case wake
  }

  /// What of it others see without waiting.
  nonisolated let slot: WorkerSlot
  private let command: WorkerCommand
  private let guardian: WorkerGuardian
  private let control: String
  private let policy: WorkerPolicy
  private let logger: Logger
  private let log: WorkerLog
  private let metrics: WorkerMetrics
  private var machine: WorkerStateMachine
  private var process: WorkerProcess?
  private var waiters: [UUID: CheckedContinuation<Void, any Error>] = [:]
  private var stopWaiters: [CheckedContinuation<Void, Never>] = []
  private var isWarned = false
  private nonisolated let events: AsyncStream<Event>
  private nonisolated let happened: AsyncStream<Event>.Continuation
  private var alarm: Task<Void, Never>?

  /// - Parameters:
  ///   - index: which worker of its node it is.
  ///   - guardian: the program that guards it.
  ///   - control: the node's control socket, as a multiaddr.
  public init(
    _ command: WorkerCommand, index: Int = 0, guardian: WorkerGuardian = .ownProgram, control: String,
    policy: WorkerPolicy = WorkerPolicy(), logger: Logger = Logger(label: "hoster.worker")
  ) {
    self.command = command
    self.guardian = guardian
    self.control = control
    self.policy = policy
    var logger = logger
    logger[metadataKey: "worker"] = "\(index)"
    self.logger = logger
    log = WorkerLog(logger)
    metrics = WorkerMetrics(index: index)
    machine = WorkerStateMachine(policy: policy)
    slot = WorkerSlot(index: index, stallTimeout: policy.stallTimeout)
    (events, happened) = AsyncStream.makeStream()
    slot.onHung { [happened] error, start in happened.yield(.broken(error, start: start)) }
  }

  /// How the worker is.
  public nonisolated var status: WorkerStatus { slot.status }

  /// Runs the worker until it is told to stop; a cancelled task tells it so, and so does the end of the program's
  /// other services.
  public func run() async {
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await apply(machine.start(now: .now))
        // It may have been shut down before it began.
        guard machine.phase != .stopped else { return }
        for await event in events {
          await handle(event)
          if machine.phase == .stopped { break }
        }
      } onGracefulShutdown: {
        self.happened.yield(.stop)
      }
    } onCancel: {
      self.happened.yield(.stop)
    }
  }

  /// Runs the worker beside the caller, until ``shutdown()``; the end of the program's other services does not stop it.
  ///
  /// - Parameters:
  ///   - awaitReady: whether to wait until it is ready.
  ///   - timeout: how long; nil for as long as it takes.
  /// - Throws: as ``awaitReady(timeout:)``.
  public func runInBackground(awaitReady: Bool = true, timeout: Duration? = nil) async throws {
    Task.detached { await self.run() }
    if awaitReady { try await self.awaitReady(timeout: timeout) }
  }

  /// Waits until the worker is ready.
  ///
  /// - Throws: ``WorkerError``: why it could not start, `worker.not-ready` if it takes longer than `timeout`,
  ///   `worker.stopped`; `CancellationError`.
  public func awaitReady(timeout: Duration? = nil) async throws {
    let id = UUID()
    let late = timeout.map { timeout in
      Task {
        try await Task.sleep(for: timeout)
        resolve(id, .failure(WorkerError(.notReady, "the worker is not ready after \(timeout)")))
      }
    }
    defer { late?.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        waiters[id] = waiter
        resolveWaiters()
      }
    } onCancel: {
      Task { await resolve(id, .failure(CancellationError())) }
    }
  }

  /// Stops the worker: waits ``WorkerPolicy/shutdownTimeout`` for it to end, then kills it.
  public func shutdown() async {
    guard machine.phase != .stopped else {
      return logger.warning("the worker is shut down already; this has no effect")
    }
    guard machine.phase != .idle else { return await handle(.stop) }
    happened.yield(.stop)
    await withCheckedContinuation { stopWaiters.append($0) }
  }

  // MARK: Events

  private func handle(_ event: Event) async {
    let now = ContinuousClock.now
    switch event {
    case .process(.report(let report), let start) where start == machine.starts: await take(report, now)
    case .process(.exited(let exit), let start) where start == machine.starts:
      process = nil
      let phase = machine.phase
      machine.exited(exit.error, now: now)
      if phase == .stopping {
        logger.debug("the worker has ended")
      } else {
        // One that somebody ended in a terminal did as it was told; one that does so again and again is broken.
        logFailure(isQuiet: exit == .code(0) && machine.failures == 1)
      }
    case .broken(let error, let start) where start == machine.starts:
      let actions = machine.isBroken(error, now: now)
      if !actions.isEmpty { logFailure() }
      await apply(actions)
    case .process, .broken: break
    case .stop: await apply(machine.stop(now: now))
    case .wake:
      let wasStarting = machine.phase == .starting
      let actions = machine.wake(now: now)
      if wasStarting, !actions.isEmpty { logFailure() }
      await apply(actions)
    }
    settle()
  }

  private func take(_ report: WorkerReport, _ now: ContinuousClock.Instant) async {
    switch report {
    case .ready(let model):
      guard machine.phase == .starting else { return }
      machine.becameReady(now: now)
      slot.open(model: model)
      logger.info("the worker is ready", metadata: ["model": "\(model?.name.quoted() ?? "unknown")"])
    case .failed(let code, let message, let remedy):
      guard machine.phase == .starting else { return }
      let error = WorkerError(
        .startUp, "the worker can't start: \(message.quoted(limit: 512)) (\(code.quoted()))",
        remedy: remedy.isEmpty ? nil : remedy.quoted(limit: 256))
      let actions = machine.failedToStart(error, now: now)
      logFailure()
      await apply(actions)
    }
  }

  private func apply(_ actions: [WorkerStateMachine.Action]) async {
    for action in actions {
      switch action {
      case .spawn: await spawn()
      case .askToStop:
        slot.close()
        process?.askToStop()
      case .kill:
        slot.close()
        logger.warning("the worker is killed", metadata: ["process": "\(process?.id ?? 0)"])
        process?.kill()
      }
    }
    settle()
  }

  private func spawn() async {
    let start = machine.starts
    metrics.countStart()
    let invitation = WorkerInvitation.make(control: control)
    do throws(WorkerError) {
      process = try await WorkerProcess.start(command, guardedBy: guardian, invitation, log: log) { [happened] event in
        happened.yield(.process(event, start: start))
      }
      slot.begin(namespace: invitation.namespace, start: start)
      logger.debug("the worker is started", metadata: ["process": "\(process?.id ?? 0)", "start": "\(start)"])
    } catch {
      machine.couldNotSpawn(error, now: .now)
      logFailure()
    }
  }

  /// Brings in line with the machine's state what depends on it: what others see, who waits, the alarm.
  private func settle() {
    if machine.phase != .ready { slot.close() }
    slot.update {
      $0.phase = machine.phase
      $0.process = process?.id
      ($0.failures, $0.starts, $0.isDegraded) = (machine.failures, machine.starts, machine.isDegraded)
      $0.lastFailure = machine.lastFailure
    }
    if machine.isDegraded, !isWarned {
      logger.error("the worker fails again and again", metadata: ["failures": "\(machine.failures)"])
    }
    isWarned = machine.isDegraded
    metrics.record(machine.phase, isDegraded: machine.isDegraded)
    resolveWaiters()
    if machine.phase == .stopped {
      for waiter in stopWaiters { waiter.resume() }
      stopWaiters = []
    }
    alarm?.cancel()
    alarm = machine.nextWake.map { wake in
      Task { [happened] in
        guard (try? await Task.sleep(until: wake, clock: .continuous)) != nil else { return }
        happened.yield(.wake)
      }
    }
  }

  /// - Parameter isQuiet: whether there is nothing in it that an operator should look at.
  private func logFailure(isQuiet: Bool = false) {
    guard let failure = machine.lastFailure else { return }
    metrics.countFailure(failure)
    logger.log(
      level: isQuiet ? .debug : .warning, "the worker failed: \(failure)",
      metadata: ["failures": "\(machine.failures)"])
  }

  // MARK: Waiting

  private func resolveWaiters() {
    if machine.phase == .ready {
      for id in waiters.keys { resolve(id, .success(())) }
    } else if let failure = machine.failure {
      for id in waiters.keys { resolve(id, .failure(failure)) }
    }
  }

  private func resolve(_ id: UUID, _ result: Result<Void, any Error>) {
    waiters.removeValue(forKey: id)?.resume(with: result)
  }
}
