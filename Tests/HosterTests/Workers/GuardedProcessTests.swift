import Foundation
import Testing

@testable import Hoster

@Suite("Programs behind a guard", .serialized, .timeLimit(.minutes(5)))
struct GuardedProcessTests {
  private func start(_ script: String, folder: TemporaryFolder, environment: [String: String] = [:]) throws
    -> GuardedProcess
  {
    let path = "\(folder.path)/output"
    try #require(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: path))
    return try GuardedProcess.start(
      GuardedProcess.Plan(
        program: "/bin/bash", arguments: ["-c", script],
        environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
        folder: folder.path, output: file.fileDescriptor, errors: file.fileDescriptor),
      guardedBy: .built)
  }

  private func output(_ folder: TemporaryFolder) -> String {
    (try? String(contentsOfFile: "\(folder.path)/output", encoding: .utf8)) ?? ""
  }

  @Test("It gets its folder, environment and descriptors, and its end is that of the program")
  func runs() async throws {
    let folder = TemporaryFolder()
    let process = try start("pwd; echo $NAME; echo error >&2; exit 7", folder: folder, environment: ["NAME": "value"])
    #expect(await process.waitForExit() == .code(7))
    #expect(process.exit == .code(7))
    #expect(process.programID == nil)
    #expect(!process.signal(SIGTERM))
    let lines = output(folder).split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasSuffix(folder.path) && lines[1] == "value" && lines[2] == "error")
    await process.stop(patience: .seconds(1))
  }

  @Test("A signal goes to the program, which ends by itself when it is asked to, even while it is stopped")
  func stops() async throws {
    let folder = TemporaryFolder()
    let process = try start("trap 'echo bye; exit 3' TERM; echo up; while true; do sleep 0.02; done", folder: folder)
    #expect(await eventually { output(folder).contains("up") })
    let program = try #require(process.programID)
    #expect(program != process.guardID)
    #expect(process.signal(SIGSTOP))
    #expect(
      await eventually {
        (try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8))?.contains(") T ") == true
      })
    await process.stop(patience: .seconds(30))
    #expect(process.exit == .code(3))
    #expect(output(folder).contains("bye"))
  }

  @Test("One that does not listen is killed after the time, with all that it has started")
  func kills() async throws {
    let folder = TemporaryFolder()
    let process = try start(
      "trap '' TERM INT HUP; sleep 1000 & setsid sleep 1000 & echo up; while true; do sleep 1; done", folder: folder)
    #expect(
      await eventually { output(folder).contains("up") && ProcessTree.descendants(of: process.guardID).count >= 3 })
    let all = ProcessTree.descendants(of: process.guardID)
    await process.stop(patience: .milliseconds(200))
    #expect(process.exit == .signal(SIGKILL))
    for member in all { #expect(await eventually { kill(member, 0) != 0 }) }
  }

  @Test("P-54 when the guard itself is killed, the kernel ends the program, even one that has left the group")
  func orphaned() async throws {
    let folder = TemporaryFolder()
    let process = try start("echo up; exec setsid sleep 1000", folder: folder)
    #expect(await eventually { output(folder).contains("up") })
    let program = try #require(process.programID)
    // From then on it is in no group that anybody here could kill.
    #expect(await eventually { getpgid(program) == program })
    #expect(kill(process.guardID, SIGKILL) == 0)
    #expect(await process.waitForExit() == .signal(SIGKILL))
    #expect(await eventually { kill(program, 0) != 0 })
  }

  @Test("Waiting ends with the task that waits")
  func cancelled() async throws {
    let folder = TemporaryFolder()
    let process = try start("sleep 1000", folder: folder)
    let waiting = Task { await process.waitForExit() }
    waiting.cancel()
    #expect(await waiting.value == nil)
    await process.stop(patience: .seconds(30))
    #expect(process.exit == .signal(SIGTERM))
  }

  @Test("A program that is not there can't be started")
  func missing() throws {
    let error = #expect(throws: WorkerError.self) {
      _ = try GuardedProcess.start(
        GuardedProcess.Plan(program: "/nonexistent", arguments: [], environment: [:], output: 1, errors: 2),
        guardedBy: .built)
    }
    #expect(error?.kind == .spawn)
  }
}
