import LibP2P
import Protocols
import Testing

@testable import Hoster

@Suite("The life of a worker")
struct WorkerStateMachineTests {
  private typealias Instant = ContinuousClock.Instant
  private static let zero = ContinuousClock.now
  private static let exit = WorkerError(.exited, "it ended")

  private static func at(_ seconds: Double) -> Instant { zero + .seconds(seconds) }

  private static var policy: WorkerPolicy {
    var policy = WorkerPolicy()
    policy.startTimeout = .seconds(10)
    policy.firstDelay = .seconds(1)
    policy.maximumDelay = .seconds(30)
    policy.stableAfter = .seconds(60)
    policy.failuresUntilDegraded = 4
    return policy
  }

  private func ready() -> WorkerStateMachine {
    var machine = WorkerStateMachine(policy: Self.policy)
    _ = machine.start(now: Self.at(0))
    machine.becameReady(now: Self.at(1))
    return machine
  }

  @Test("P-48 unless told otherwise a protocol has no model, starts no worker by itself, shares and stops in 3 s")
  func defaults() throws {
    #expect(WorkerPolicy().shutdownTimeout == .seconds(3))
    let configuration = WorkerPool.Configuration()
    #expect(configuration.isBalanced && configuration.workers == 1)
    #expect(configuration.policy.shutdownTimeout == .seconds(3))
    let pool = WorkerPool(WorkerCommand(program: "/bin/false"), control: "/unix/none")
    #expect(pool.status.map(\.phase) == [.idle] && pool.status.map(\.starts) == [0])
    let node = InProcessNetwork().join(as: try PrivateKey.generate(.ed25519).peerID)
    // Who serves says which gate; none at all has to be asked for by name.
    let hoster = InferenceHoster(node, gate: .insecure(), backend: nil)
    #expect(hoster.status == HosterStatus(role: .validator, load: nil, workers: []))
  }

  @Test("P-50 started, ready, asked to stop, ended: in that order, each once")
  func orderly() {
    var machine = WorkerStateMachine(policy: Self.policy)
    #expect(machine.phase == .idle && machine.nextWake == nil)
    #expect(machine.start(now: Self.at(0)) == [.spawn] && machine.start(now: Self.at(0)) == [])
    #expect(machine.phase == .starting && machine.nextWake == Self.at(10))
    machine.becameReady(now: Self.at(1))
    #expect(machine.phase == .ready && machine.nextWake == nil && machine.failure == nil)
    #expect(machine.stop(now: Self.at(2)) == [.askToStop] && machine.stop(now: Self.at(2)) == [])
    #expect(machine.phase == .stopping && machine.nextWake == Self.at(5))
    machine.exited(Self.exit, now: Self.at(3))
    #expect(machine.phase == .stopped && machine.failures == 0 && machine.nextWake == nil)
    #expect(machine.start(now: Self.at(4)) == [])
  }

  @Test("P-65 one that does not end is killed after the time, once")
  func killed() {
    var machine = ready()
    _ = machine.stop(now: Self.at(2))
    #expect(machine.wake(now: Self.at(4.9)) == [])
    #expect(machine.wake(now: Self.at(5)) == [.kill])
    #expect(machine.wake(now: Self.at(50)) == [] && machine.nextWake == nil)
    machine.exited(Self.exit, now: Self.at(6))
    #expect(machine.phase == .stopped)
  }

  @Test("P-51 a failure that it reports is what waiters get; it is started again later")
  func startUpFailure() {
    var machine = WorkerStateMachine(policy: Self.policy)
    _ = machine.start(now: Self.at(0))
    let error = WorkerError(.startUp, "there is no model")
    #expect(machine.failedToStart(error, now: Self.at(1)) == [.askToStop])
    #expect(machine.failure == error)
    machine.exited(Self.exit, now: Self.at(2))
    #expect(machine.failure == error && machine.failures == 1 && machine.nextWake == Self.at(3))
    #expect(machine.wake(now: Self.at(3)) == [.spawn])
    #expect(machine.failure == nil && machine.starts == 2)
  }

  @Test("One that is not ready in the time that it may take to start is killed, and started again once it is gone")
  func startTimeout() {
    var machine = WorkerStateMachine(policy: Self.policy)
    _ = machine.start(now: Self.at(0))
    #expect(machine.wake(now: Self.at(10)) == [.kill])
    #expect(machine.failure?.kind == .startTimeout && machine.phase == .stopping)
    machine.becameReady(now: Self.at(10))
    #expect(machine.phase == .stopping)
    machine.exited(Self.exit, now: Self.at(11))
    #expect(machine.wake(now: Self.at(12)) == [.spawn])
  }

  @Test("The delay doubles up to its limit, from then on the worker is degraded, and long readiness heals it")
  func backOff() {
    var machine = WorkerStateMachine(policy: Self.policy)
    var now = 0.0
    _ = machine.start(now: Self.at(now))
    for (failures, delay) in [(1, 1.0), (2, 2), (3, 4), (4, 30), (5, 30), (6, 30)] {
      machine.exited(Self.exit, now: Self.at(now))
      #expect(machine.failures == failures && machine.isDegraded == (failures >= 4))
      #expect(machine.nextWake == Self.at(now + delay))
      now += delay
      #expect(machine.wake(now: Self.at(now)) == [.spawn])
    }
    machine.becameReady(now: Self.at(now))
    #expect(machine.isDegraded && machine.nextWake == Self.at(now + 60))
    #expect(machine.wake(now: Self.at(now + 60)) == [])
    #expect(!machine.isDegraded && machine.failures == 0 && machine.nextWake == nil)
  }

  @Test("A crash soon after readiness counts up, one after long readiness counts as the first")
  func crashes() {
    var machine = ready()
    machine.exited(Self.exit, now: Self.at(2))
    #expect(machine.failures == 1)
    _ = machine.wake(now: Self.at(3))
    machine.becameReady(now: Self.at(4))
    machine.exited(Self.exit, now: Self.at(5))
    #expect(machine.failures == 2)
    _ = machine.wake(now: Self.at(7))
    machine.becameReady(now: Self.at(8))
    machine.exited(Self.exit, now: Self.at(68))
    #expect(machine.failures == 1)
  }

  @Test("One that is hung is killed and started again; to stop meanwhile ends it for good")
  func hung() {
    var machine = ready()
    let error = WorkerError(.hung, "nothing comes")
    #expect(machine.isBroken(error, now: Self.at(2)) == [.kill])
    #expect(machine.isBroken(error, now: Self.at(2)) == [] && machine.failures == 1)
    var other = machine
    machine.exited(Self.exit, now: Self.at(3))
    #expect(machine.failure == error && machine.wake(now: Self.at(4)) == [.spawn])
    #expect(other.stop(now: Self.at(2)) == [])
    other.exited(Self.exit, now: Self.at(3))
    #expect(other.phase == .stopped)
  }

  @Test("To stop before the start, and between two, ends it at once")
  func stoppedEarly() {
    var idle = WorkerStateMachine(policy: Self.policy)
    #expect(idle.stop(now: Self.at(0)) == [] && idle.phase == .stopped && idle.failure?.kind == .stopped)
    var waiting = ready()
    waiting.exited(Self.exit, now: Self.at(2))
    #expect(waiting.stop(now: Self.at(2)) == [] && waiting.phase == .stopped)
    #expect(waiting.wake(now: Self.at(50)) == [])
  }

  @Test("Whatever happens in whatever order, one process runs at most and every end is awaited", arguments: 0..<30)
  func properties(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var machine = WorkerStateMachine(policy: Self.policy)
    var (now, runs, stopped) = (0.0, false, false)
    func carryOut(_ actions: [WorkerStateMachine.Action]) {
      for action in actions {
        switch action {
        case .spawn:
          #expect(!runs && !stopped)
          runs = true
        case .askToStop, .kill: #expect(runs)
        }
      }
    }
    carryOut(machine.start(now: Self.at(now)))
    for _ in 0..<300 {
      now += Double.random(in: 0..<5, using: &random)
      switch Int.random(in: 0..<40, using: &random) {
      case 0..<10: if runs { machine.becameReady(now: Self.at(now)) }
      case 10..<20:
        if runs {
          runs = false
          machine.exited(Self.exit, now: Self.at(now))
        }
      case 20..<24: if runs { carryOut(machine.isBroken(Self.exit, now: Self.at(now))) }
      case 24..<28: if runs { carryOut(machine.failedToStart(Self.exit, now: Self.at(now))) }
      case 28: if now > 300 { carryOut(machine.stop(now: Self.at(now))) }
      default: carryOut(machine.wake(now: Self.at(now)))
      }
      stopped = machine.phase == .stopped
      #expect([.starting, .ready, .stopping].contains(machine.phase) == runs)
      if machine.phase == .waiting { #expect(machine.nextWake.map { $0 <= Self.at(now + 30.001) } ?? false) }
    }
  }
}
