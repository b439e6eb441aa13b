import Foundation
import Testing

@testable import Hoster

@Suite("What workers say")
struct WorkerReportTests {
  @Test("P-50 reports come back as they were sent")
  func roundTrip() throws {
    let model = ModelDescription(
      name: "gpt2", hash: Array(0..<32), vocabularySize: 67, contextLength: 40, type: .f32)
    for report in [
      .ready(model), .ready(nil), .failed(code: "model.not-found", message: "a \"b\"\n", remedy: "look"),
    ] as [WorkerReport] {
      let line = report.line
      #expect(line.last == UInt8(ascii: "\n") && line.count { $0 == UInt8(ascii: "\n") } == 1)
      #expect(WorkerReport(line: line.dropLast()) == report)
    }
  }

  @Test("What a foreign worker writes by hand is read")
  func foreign() {
    #expect(WorkerReport(line: Data(#"{"ready": {}}"#.utf8)) == .ready(nil))
    #expect(WorkerReport(line: Data(#"{"ready": {"vocabulary": 5}}"#.utf8)) == .ready(nil))
    #expect(
      WorkerReport(line: Data(#"{"ready": {"model": "m", "vocabulary": 5, "context": 9, "extra": [1]}}"#.utf8))
        == .ready(ModelDescription(name: "m", hash: nil, vocabularySize: 5, contextLength: 9, type: nil)))
    #expect(
      WorkerReport(line: Data(#"{"failed": {"message": "no"}}"#.utf8))
        == .failed(code: "worker.start-up", message: "no", remedy: ""))
  }

  @Test(
    "What is no report is none",
    arguments: [
      "", "ready", "{}", "[]", "{\"ready\": 1}", "{\"failed\": {}}", "\u{0}",
      #"{"ready": {"vocabulary": -1, "context": 1e99}}"#, String(repeating: "[", count: 10_000),
    ])
  func garbage(_ text: String) {
    let report = WorkerReport(line: Data(text.utf8))
    #expect(report == nil)
  }

  @Test("Lines are cut the same however their bytes come, and long ones are shortened", arguments: [1, 2, 3, 7, 1000])
  func lines(_ size: Int) {
    let bytes = Array("one\n\nthree is too long\r\nlast".utf8)
    var cutter = LineCutter(limit: 5)
    var lines: [String] = []
    func take(_ line: [UInt8], _ isCut: Bool) {
      lines.append(String(decoding: line, as: UTF8.self) + (isCut ? "…" : ""))
    }
    for start in stride(from: 0, to: bytes.count, by: size) {
      cutter.append(bytes[start..<min(start + size, bytes.count)], take)
    }
    cutter.finishInput(take)
    cutter.finishInput(take)
    #expect(lines == ["one", "", "three…", "last"])
  }

  @Test("P-56 a worker computes with one thread unless told, and nothing else of this environment gets to it")
  func environment() {
    var command = WorkerCommand(program: "/bin/true")
    command.threads = 2
    command.environment = ["MODEL": "small"]
    command.inheritedVariables = ["CUDA_VISIBLE_DEVICES"]
    let invitation = WorkerInvitation(control: "/unix/run/c.sock", namespace: "worker_1")
    let environment = command.environment(
      from: ["PATH": "/bin", "SECRET_KEY": "x", "CUDA_VISIBLE_DEVICES": "0", "VALIDATORD_PIPE": "9"], invitation)
    #expect(
      environment == [
        "PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0", "MODEL": "small", "OMP_NUM_THREADS": "2",
        "MKL_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "VALIDATORD_THREADS": "2",
        "VALIDATORD_CONTROL": "/unix/run/c.sock", "VALIDATORD_NAMESPACE": "worker_1", "VALIDATORD_PIPE": "3",
      ])
    #expect(WorkerCommand(program: "/bin/true").threads == 1)
  }

  @Test("Only a process that was started as a worker is one")
  func invitation() throws {
    let invitation = WorkerInvitation.make(control: "/unix/x")
    #expect(try WorkerInvitation(environment: invitation.variables) == invitation)
    #expect(invitation != WorkerInvitation.make(control: "/unix/x"))
    for variable in invitation.variables.keys {
      var environment = invitation.variables
      environment[variable] = nil
      #expect(throws: WorkerError.self) { try WorkerInvitation(environment: environment) }
    }
  }
}
