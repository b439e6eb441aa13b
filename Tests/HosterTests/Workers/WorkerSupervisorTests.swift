import Foundation
import Testing

@testable import Hoster

/// With real processes: shell programs behind the program's own guard.
@Suite("Workers at work", .serialized, .timeLimit(.minutes(5)))
struct WorkerSupervisorTests {
  private static let ready = #"echo '{"ready": {"model": "shell", "vocabulary": 9, "context": 9}}' >&3"#
  /// Ends when the pipe brings a byte or its end.
  private static let serve = "read -r -N 1 -u 3 byte; exit 0"

  private static var policy: WorkerPolicy {
    var policy = WorkerPolicy()
    policy.firstDelay = .milliseconds(20)
    policy.maximumDelay = .milliseconds(200)
    policy.failuresUntilDegraded = 3
    return policy
  }

  private func supervisor(
    _ script: String, policy: WorkerPolicy = policy, recorder: LogRecorder = LogRecorder()
  ) -> WorkerSupervisor {
    WorkerSupervisor(
      WorkerCommand(program: "/bin/bash", arguments: ["-c", script]), guardian: .built, control: "/unix/none",
      policy: policy, logger: recorder.logger)
  }

  @Test("P-50 P-55 P-64 waiting ends when the worker has said that it is ready, not before, and throws after its time")
  func ready() async throws {
    let folder = TemporaryFolder()
    let worker = supervisor("while [ ! -e \(folder.path)/go ]; do sleep 0.02; done; \(Self.ready); \(Self.serve)")
    await #expect { try await worker.runInBackground(timeout: .milliseconds(100)) } throws: {
      ($0 as? WorkerError)?.kind == .notReady
    }
    #expect(worker.status.phase == .starting)
    try folder.write([], to: "go")
    try await worker.awaitReady()
    #expect(worker.status.phase == .ready && worker.status.model?.vocabularySize == 9)
    await worker.shutdown()
  }

  @Test("P-2 P-3 a worker is a process of its own below this one, with its own group")
  func process() async throws {
    let worker = supervisor("\(Self.ready); \(Self.serve)")
    try await worker.runInBackground()
    let id = try #require(worker.status.process)
    #expect(ProcessTree.descendants(of: getpid()).contains(id))
    #expect(ProcessTree.descendants(of: id).count == 1)
    for member in [id] + ProcessTree.descendants(of: id) { #expect(getpgid(member) == id) }
    #expect(getpgid(getpid()) != id)
    await worker.shutdown()
  }

  @Test("P-53 P-62 P-65 one byte ends the worker cleanly, and a second shutdown says that it has no effect")
  func stop() async throws {
    let recorder = LogRecorder()
    let worker = supervisor("\(Self.ready); \(Self.serve)", recorder: recorder)
    try await worker.runInBackground()
    let id = try #require(worker.status.process)
    await worker.shutdown()
    #expect(worker.status.phase == .stopped && worker.status.failures == 0)
    #expect(kill(id, 0) != 0)
    #expect(recorder.texts(.warning).isEmpty, "\(recorder.texts(.warning))")
    await worker.shutdown()
    #expect(recorder.texts(.warning).count { $0.contains("no effect") } == 1)
  }

  @Test("P-65 a worker that does not listen is killed after the time, with a warning, and all it started with it")
  func hungAtStop() async throws {
    let recorder = LogRecorder()
    var policy = Self.policy
    policy.shutdownTimeout = .milliseconds(300)
    let worker = supervisor(
      "trap '' TERM INT HUP; sleep 1000 & setsid sleep 1000 & \(Self.ready); while true; do sleep 1; done",
      policy: policy, recorder: recorder)
    try await worker.runInBackground()
    let id = try #require(worker.status.process)
    #expect(await eventually { ProcessTree.descendants(of: id).count >= 3 })
    let all = [id] + ProcessTree.descendants(of: id)
    let start = ContinuousClock.now
    await worker.shutdown()
    #expect(.now - start >= .milliseconds(300))
    #expect(recorder.texts(.warning).count { $0.contains("is killed") } == 1)
    for member in all { #expect(await eventually { kill(member, 0) != 0 }) }
  }

  @Test("P-51 the reason for which a worker can't start is what who waits gets, and is logged")
  func startUpFailure() async throws {
    let recorder = LogRecorder()
    let worker = supervisor(
      #"echo '{"failed": {"code": "model.not-found", "message": "no such model"}}' >&3; exit 1"#, recorder: recorder)
    let error = await #expect(throws: WorkerError.self) { try await worker.runInBackground() }
    #expect(error?.kind == .startUp && error?.message.contains("no such model") == true)
    #expect(recorder.texts(.warning).contains { $0.contains("no such model") })
    await worker.shutdown()
  }

  @Test("P-51 a program that is not there, can't be run or ends at once says so, and the node goes on")
  func cannotStart() async throws {
    for (program, kind) in [("/nonexistent", WorkerError.Code.spawn), ("/etc/passwd", .spawn), ("/bin/false", .exited)]
    {
      let worker = WorkerSupervisor(
        WorkerCommand(program: program), guardian: .built, control: "", policy: Self.policy,
        logger: LogRecorder().logger)
      let error = await #expect(throws: WorkerError.self) { try await worker.runInBackground() }
      #expect(error?.kind == kind, "\(program)")
      await worker.shutdown()
      #expect(worker.status.phase == .stopped)
    }
  }

  @Test("D-20 a worker that is killed is started again; one that fails again and again is visibly degraded")
  func restart() async throws {
    let worker = supervisor("\(Self.ready); \(Self.serve)")
    try await worker.runInBackground()
    let first = try #require(worker.status.process)
    let child = try #require(ProcessTree.descendants(of: first).first)
    kill(child, SIGKILL)
    #expect(await eventually { worker.status.starts == 2 && worker.status.phase == .ready })
    #expect(worker.status.process != first && worker.status.lastFailure?.message.contains("signal 9") == true)
    #expect(worker.status.failures == 1 && !worker.status.isDegraded)
    await worker.shutdown()

    let recorder = LogRecorder()
    let failing = supervisor("\(Self.ready); exit 3", recorder: recorder)
    try await failing.runInBackground(awaitReady: false)
    #expect(await eventually { failing.status.isDegraded })
    #expect(failing.status.lastFailure?.message.contains("code 3") == true)
    await failing.shutdown()
    #expect(recorder.texts(.error).count == 1)
  }

  @Test("P-63 a first end with code 0 is a debug line alone; from the second in a row on each is a warning")
  func orderlyEnds() async throws {
    let recorder = LogRecorder()
    let folder = TemporaryFolder()
    // Each start ends at once and orderly, once it may.
    let worker = supervisor(
      "echo >> \(folder.path)/starts; "
        + "[ $(wc -l < \(folder.path)/starts) -eq 1 ] || while [ ! -e \(folder.path)/go ]; do sleep 0.02; done; "
        + "\(Self.ready); exit 0", recorder: recorder)
    try await worker.runInBackground(awaitReady: false)
    #expect(await eventually { worker.status.starts == 2 && worker.status.phase == .starting })
    func ends() -> [LogRecorder.Line] { recorder.lines.filter { $0.text.contains("ended with code 0") } }
    #expect(ends().map(\.level) == [.debug] && recorder.texts(.warning).isEmpty, "\(recorder.texts())")
    #expect(worker.status.failures == 1 && worker.status.lastFailure?.kind == .exited)
    try folder.write([], to: "go")
    #expect(await eventually { worker.status.isDegraded })
    #expect(ends().prefix(3).map(\.level) == [.debug, .warning, .warning], "\(ends())")
    await worker.shutdown()
    #expect(recorder.texts(.error).count == 1)
  }

  @Test("The guard's own death is a worker's death, and takes the group with it")
  func guardKilled() async throws {
    let worker = supervisor("sleep 1000 & \(Self.ready); \(Self.serve)")
    try await worker.runInBackground()
    let id = try #require(worker.status.process)
    #expect(await eventually { ProcessTree.descendants(of: id).count == 2 })
    let members = ProcessTree.descendants(of: id)
    kill(id, SIGKILL)
    #expect(await eventually { worker.status.starts == 2 })
    for member in members { #expect(await eventually { kill(member, 0) != 0 }) }
    await worker.shutdown()
  }

  @Test("When a worker ends, what it left behind in the background ends, too, wherever it hid")
  func leftovers() async throws {
    let folder = TemporaryFolder()
    let worker = supervisor(
      "(setsid bash -c 'echo $$ > \(folder.path)/hidden; exec sleep 1000' &) ; "
        + "while [ ! -s \(folder.path)/hidden ]; do sleep 0.02; done; \(Self.ready); \(Self.serve)")
    try await worker.runInBackground()
    let text = try String(contentsOfFile: "\(folder.path)/hidden", encoding: .utf8)
    let hidden = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(hidden, 0) == 0)
    await worker.shutdown()
    #expect(await eventually { kill(hidden, 0) != 0 })
  }

  @Test("A worker that floods both outputs and the pipe is held back; lines are cut, escaped and counted")
  func flood() async throws {
    let recorder = LogRecorder()
    let worker = supervisor(
      "printf '\\033[31m%s\\n' red; head -c 100000 /dev/zero | tr '\\0' x; echo; \(Self.ready); "
        + "yes 'a line' & yes >&2 & yes '{\"ready\"' >&3 & \(Self.serve)", recorder: recorder)
    try await worker.runInBackground()
    #expect(await eventually { recorder.texts(.warning).contains { $0.contains("too much") } })
    #expect(worker.status.phase == .ready)
    await worker.shutdown()
    #expect(recorder.lines.allSatisfy { $0.text.utf8.count < WorkerLog.lineLength + 200 })
    #expect(recorder.texts().contains { $0.contains(#"\u{1B}[31mred"#) && $0.contains("stream=stdout") })
    #expect(recorder.texts().allSatisfy { !$0.contains("\u{1b}") })
  }

  @Test("A worker inherits no descriptor but its own four, and no variable but those it is given")
  func inheritance() async throws {
    // A descriptor of this process that nobody closes in children.
    let leak = open("/dev/null", O_RDONLY)
    defer { close(leak) }
    let folder = TemporaryFolder()
    var command = WorkerCommand(
      program: "/bin/bash",
      arguments: [
        "-c", "ls /proc/self/fd > \(folder.path)/fds; env > \(folder.path)/env; \(Self.ready); \(Self.serve)",
      ])
    command.environment = ["GIVEN": "yes"]
    setenv("VALIDATORD_TEST_SECRET", "secret", 1)
    let worker = WorkerSupervisor(
      command, guardian: .built, control: "/unix/none", policy: Self.policy, logger: LogRecorder().logger)
    try await worker.runInBackground()
    await worker.shutdown()
    let descriptors = try String(contentsOfFile: "\(folder.path)/fds", encoding: .utf8).split(separator: "\n")
    // ls has the folder that it lists open as the fifth.
    #expect(descriptors.count <= 5 && Set(descriptors).isSuperset(of: ["0", "1", "2", "3"]))
    #expect(!descriptors.contains("\(leak)") || leak <= 4)
    let variables = try String(contentsOfFile: "\(folder.path)/env", encoding: .utf8)
    #expect(variables.contains("GIVEN=yes") && variables.contains("OMP_NUM_THREADS=1"))
    #expect(!variables.contains("secret"))
  }
}

extension WorkerGuardian {
  /// The program that the build has put beside the tests.
  static var built: WorkerGuardian {
    let beside = Bundle.main.bundleURL.deletingLastPathComponent().path + "/validatord"
    return WorkerGuardian(
      program: FileManager.default.isExecutableFile(atPath: beside)
        ? beside : Bundle.main.bundleURL.path + "/validatord")
  }
}
