import Foundation
import LibP2P
import Protocols
import Testing

@testable import Hoster

/// From a peer's call through the node and its control socket to a worker, and back.
@Suite("Inference by workers", .serialized, .timeLimit(.minutes(5)))
struct WorkerServingTests {
  @Test("P-44 P-45 P-59 two foreign workers share the requests of one node")
  func shared() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "slow"), workers: 2) { hoster in
      async let one = hoster.ask([1, 2, 3], new: 2)
      async let two = hoster.ask([4, 5], new: 2)
      // Both workers have one of them: as long as one is busy, the other is chosen.
      #expect(await eventually { hoster.pool.status.map(\.requests) == [1, 1] })
      let answers = (try await one, try await two)
      #expect(answers.0.0 == WorkingHoster.sums([1, 2, 3], new: 2))
      #expect(answers.1.0 == WorkingHoster.sums([4, 5], new: 2))
      #expect(await eventually { hoster.pool.status.map(\.requests) == [0, 0] })
      #expect(hoster.hoster.status.isReady && !hoster.hoster.status.isDegraded)
    }
  }

  @Test("P-48 workers that are not to share leave all requests to the first, and stand by")
  func unbalanced() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "slow"), workers: 2, isBalanced: false) { hoster in
      async let one = hoster.ask([1, 2, 3], new: 5)
      async let two = hoster.ask([4, 5], new: 5)
      #expect(await eventually { hoster.pool.status.map(\.requests) == [2, 0] })
      let answers = (try await one, try await two)
      #expect(answers.0.0 == WorkingHoster.sums([1, 2, 3], new: 5))
      #expect(answers.1.0 == WorkingHoster.sums([4, 5], new: 5))
    }
  }

  @Test("When the caller goes away, the node hangs up on the worker that answers, and the worker is free")
  func cancelled() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "slow"), maximumNewTokens: 1000) { hoster in
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      let call = Task {
        defer { begin.finish() }
        // More than can come within the time of a test.
        for try await _ in try await hoster.stub.inferenceStream(
          tensor: try Tensor(tokenIDs: [1]), maximumNewTokens: 1000)
        { begin.yield() }
      }
      for await _ in begun.prefix(1) {}
      #expect(hoster.pool.status[0].requests == 1)
      call.cancel()
      _ = await call.result
      #expect(await eventually { hoster.pool.status[0].requests == 0 })
      #expect(await eventually { hoster.recorder.texts().contains { $0.contains("the caller has gone") } })
      #expect(await eventually { hoster.hoster.status.load == InferenceLoad(waiting: 0, running: 0) })
      let next = try await hoster.ask([3], new: 1)
      #expect(next.0 == [3])
      #expect(hoster.pool.status[0].starts == 1)
    }
  }

  @Test("D-20 kill -9 of one of two workers in mid-stream ends its stream with an error, and nothing else")
  func killed() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "slow"), workers: 2) { hoster in
      async let one = hoster.ask([1], new: 5)
      #expect(await eventually { hoster.pool.status.map(\.requests).sorted() == [0, 1] })
      let victim = try #require(hoster.pool.status.first { $0.requests == 1 })
      async let two = hoster.ask([2], new: 5)
      #expect(await eventually { hoster.pool.status.map(\.requests) == [1, 1] })
      let guardID = try #require(victim.process)
      let process = try #require(ProcessTree.descendants(of: guardID).first)
      kill(process, SIGKILL)
      let (ended, whole) = (try await one, try await two)
      #expect(ended.1?.remoteText == "this node can't answer now [inference.worker]" && ended.0.count < 5)
      #expect(whole.1 == nil && whole.0 == WorkingHoster.sums([2], new: 5))
      #expect(await eventually { hoster.pool.status.allSatisfy { $0.phase == .ready } })
      #expect(hoster.pool.status.map(\.starts).sorted() == [1, 2])
      let next = try await hoster.ask([3], new: 1)
      #expect(next.0 == [3])
    }
  }

  @Test(
    "A worker that breaks down in the middle costs the answer and has a reason; the next one is whole",
    arguments: ["crash", "exit", "dtype", "pair", "foreign", "garbage", "raise"])
  func broken(_ how: String) async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", how)) { hoster in
      let answer = try await hoster.ask([1, 1], new: 5)
      #expect(answer.1?.remoteText == "this node can't answer now [inference.worker]", "\(answer)")
      #expect(WorkingHoster.sums([1, 1], new: 2).starts(with: answer.0))
      // What was broken is the answer, or the worker, which is there again.
      #expect(
        await eventually {
          guard let again = try? await hoster.ask([7], new: 1) else { return false }
          return again.1 == nil && again.0 == [7]
        })
      #expect(await hoster.stub.callInfo()?.role == .hoster)
    }
  }

  @Test("A worker that never ends an answer is cut off at the number of tokens, one that ends early is believed")
  func length() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "endless")) { hoster in
      for _ in 0..<3 {
        let answer = try await hoster.ask([1, 1], new: 4)
        #expect(answer.1 == nil && answer.0 == WorkingHoster.sums([1, 1], new: 4))
      }
    }
    try await WorkingHoster.with(WorkingHoster.python("--behave", "short")) { hoster in
      let answer = try await hoster.ask([1, 1], new: 5)
      #expect(answer.1 == nil && answer.0 == WorkingHoster.sums([1, 1], new: 2))
    }
  }

  @Test("A worker that hangs fails its request after the time, is killed as hung and started again")
  func hung() async throws {
    var policy = WorkingHoster.quickPolicy
    policy.stallTimeout = .seconds(3)
    try await WorkingHoster.with(WorkingHoster.python("--behave", "hang"), policy: policy) { hoster in
      let answer = try await hoster.ask([1, 1], new: 5)
      #expect(answer.1?.remoteText == "this node can't answer now [inference.stalled]")
      #expect(answer.0 == WorkingHoster.sums([1, 1], new: 2))
      #expect(await eventually { hoster.pool.status[0].lastFailure?.kind == .hung })
      #expect(await eventually { hoster.pool.status[0].starts == 2 && hoster.pool.status[0].phase == .ready })
    }
  }

  @Test("P-84 a worker sees who asks, and what the node asks itself as the node's")
  func caller() async throws {
    func end(_ peer: PeerID) -> [Int32] { peer.bytes.suffix(5).reversed().map(Int32.init) }
    try await WorkingHoster.with(WorkingHoster.python("--behave", "caller")) { hoster in
      #expect(try await hoster.ask([1]).0 == end(hoster.caller))
      let own = try await hoster.hoster.answerOwn([1], maximumNewTokens: 5)
      #expect(try await Array(collecting: own) == end(hoster.host.peerID))
    }
  }

  @Test("P-4 while a worker computes, the node says at once what it is")
  func responsive() async throws {
    try await WorkingHoster.with(WorkingHoster.python("--behave", "slow")) { hoster in
      let call = Task { try await hoster.ask([1], new: 5) }
      #expect(await eventually { hoster.pool.status[0].requests == 1 })
      for _ in 0..<20 { #expect(await hoster.stub.callInfo()?.role == .hoster) }
      #expect(hoster.pool.status[0].requests == 1)
      let answer = try await call.value
      #expect(answer.1 == nil)
    }
  }

  @Test("Peers can't call a worker themselves, and don't learn its name")
  func ownHandlers() async throws {
    try await WorkingHoster.with(WorkingHoster.python()) { hoster in
      let names = hoster.control.handledProtocols
      #expect(names.count == 1 && names[0].hasPrefix(WorkerInvitation.namespacePrefix))
      await #expect(throws: NegotiationError.self) { _ = try await hoster.open(names[0]) }
      #expect(!hoster.host.protocols.contains(names[0]))
      let answer = try await hoster.ask([5], new: 1)
      #expect(answer.0 == [5])
    }
  }

  @Test("P-61 without a worker that is ready a request has an error, and the node still says what it is")
  func notReady() async throws {
    let command = WorkerCommand(program: "/bin/sleep", arguments: ["1000"])
    try await WorkingHoster.with(command, awaitReady: false) { hoster in
      let answer = try await hoster.ask([1])
      #expect(answer.1?.remoteText == "this node can't answer now [inference.no-worker]")
      #expect(await hoster.stub.callInfo()?.role == .hoster)
      #expect(!hoster.hoster.status.isReady)
    }
  }

  @Test("P-46 P-47 P-57 P-60 the worker alone reads the model, as the node, and answers as the oracle does")
  func builtIn() async throws {
    // The path of the model means something in the worker's folder only.
    try await WorkingHoster.with(WorkingHoster.builtIn(.f32), maximumNewTokens: 8) { hoster in
      for expected in try GoldenModel.f32.cases() {
        let count = min(8, expected.tokens.count)
        let answer = try await hoster.ask(expected.prompt, new: Int32(count))
        #expect(answer.1 == nil && answer.0 == Array(expected.tokens.prefix(count)))
      }
      #expect(hoster.pool.status[0].model?.vocabularySize == 67)
      // The node refuses by what the worker said of its model.
      let refused = try await hoster.ask([67])
      #expect(refused.1?.remoteText?.contains("inference.unknown-token") == true)
      let long = try await hoster.ask(Array(repeating: 1, count: 41), new: 1)
      #expect(long.1?.remoteText?.contains("inference.too-long") == true, "\(long)")
      // At once, before it takes anybody's room.
      await #expect {
        let own = try await hoster.hoster.answerOwn(Array(repeating: 1, count: 41), maximumNewTokens: 1)
        _ = try await Array(collecting: own)
      } throws: { ($0 as? CallError)?.remoteText?.contains("inference.too-long") == true }
      #expect(hoster.hoster.status.load == InferenceLoad(waiting: 0, running: 0))
      let lines = hoster.recorder.texts().joined(separator: "\n")
      #expect(lines.contains(hoster.host.peerID.description))
      let order = ["the model is loaded", "the inference server is made", "the worker is ready"].map {
        lines.range(of: $0)?.lowerBound
      }
      #expect(!order.contains(nil) && order.compactMap(\.self) == order.compactMap(\.self).sorted())
    }
  }

  @Test("P-16 in the node's own process the procedures of its workers can't be registered, and the error says where")
  func parent() async throws {
    try await WorkingHoster.with(WorkingHoster.python()) { hoster in
      let servicer = InferenceService(nil).servicer(as: InferenceProtocol.self)
      let error = #expect(throws: ServicerError.self) {
        try servicer.addP2PHandlers(to: WorkerLink(hoster.control), gate: .insecure(), namespace: "worker_1")
      }
      #expect(error?.kind == .process && error?.message.contains("each worker registers") == true)
      #expect(error?.remedy.contains("docs/workers.md") == true)
      #expect(!hoster.control.handledProtocols.contains { $0.hasPrefix("worker_1") })
    }
  }

  @Test("The kernel keeps a worker within its limits, which it is not told")
  func limits() async throws {
    let script = """
      while [ "$(ulimit -n)" != 99 ]; do sleep 0.02; done
      echo "limits $(ulimit -n) $(ulimit -v) $(ulimit -t) ${VALIDATORD_LIMITS:-untold}"
      while :; do :; done
      """
    var command = WorkerCommand(program: "/bin/bash", arguments: ["-c", script])
    (command.limits.descriptors, command.limits.addressSpace, command.limits.processorTime) = (99, 1 << 30, 1)
    try await WorkingHoster.with(command, awaitReady: false) { hoster in
      #expect(await eventually { hoster.recorder.texts().contains { $0.contains("limits 99 1048576 1 untold") } })
      #expect(await eventually { hoster.pool.status[0].lastFailure?.message.contains("signal \(SIGXCPU)") == true })
    }
  }

  @Test("P-51 a model that is not there is the reason that waiting for the worker throws")
  func badModel() async throws {
    let command = WorkingHoster.builtIn(.f32, arguments: ["--model", "/nonexistent"])
    let error = await #expect(throws: WorkerError.self) { try await WorkingHoster.with(command) { _ in } }
    #expect(
      error?.kind == .startUp && error?.message.contains("model.not-found") == true, "\(String(describing: error))")
  }

  @Test("P-53 P-62 P-63 the worker ends with 0 and takes its handler off when it is stopped, also by SIGINT")
  func orderly() async throws {
    try await WorkingHoster.with(WorkingHoster.builtIn(.f16)) { hoster in
      let guardID = try #require(hoster.pool.status[0].process)
      let worker = try #require(ProcessTree.descendants(of: guardID).first)
      kill(worker, SIGINT)
      #expect(await eventually { hoster.pool.status[0].starts == 2 && hoster.pool.status[0].phase == .ready })
      #expect(hoster.pool.status[0].lastFailure?.message == "the worker ended with code 0")
      // The node says no more of it than the worker does.
      let ends = hoster.recorder.lines.filter { $0.text.contains("ended with code 0") }
      #expect(ends.map(\.level) == [.debug] && hoster.recorder.texts(.warning).isEmpty, "\(ends)")
      // Those of the second start alone.
      let namespaces = Set(hoster.control.handledProtocols.compactMap { $0.split(separator: ":").first })
      #expect(namespaces.count == 1, "\(hoster.control.handledProtocols)")
      await hoster.pool.shutdown()
      #expect(await eventually { hoster.control.handledProtocols.isEmpty })
      #expect(!hoster.recorder.texts(.warning).contains { $0.contains("is killed") })
      // Of its end a worker itself says nothing that is above its level: these are of its two beginnings.
      let beginnings = ["connected with the node", "the model is loaded", "the inference server is made"]
      let said = hoster.recorder.texts().filter { $0.contains("stream=") }
      #expect(said.allSatisfy { line in beginnings.contains { line.contains($0) } }, "\(said)")
    }
  }

  @Test("P-54 when the node is killed, no process of its workers is left, wherever it hid", .timeLimit(.minutes(2)))
  func parentKilled() async throws {
    // Two seconds are promised; one of them is the worker's own.
    #expect(WorkerGuard.patience <= 1)
    let folder = TemporaryFolder()
    // Stands for a node: it starts a guard as nodes do, and can be killed.
    let script = """
      import os, socket, subprocess, sys, time
      own, child = socket.socketpair()
      os.dup2(child.fileno(), 3)
      os.set_inheritable(3, True)
      child.close()
      os.set_inheritable(own.fileno(), False)
      subprocess.Popen([sys.argv[1], "worker", "guard", "/bin/bash", "-c",
          "trap '' TERM INT HUP; sleep 1000 & setsid bash -c 'sleep 1000 & sleep 1000' & touch started; sleep 1000"],
          pass_fds=[3], cwd=sys.argv[2], start_new_session=True)
      os.close(3)
      time.sleep(1000)
      """
    let node = Process()
    node.executableURL = NumpyOracle.python
    node.arguments = ["-c", script, WorkerGuardian.built.program, folder.path]
    try node.run()
    #expect(await eventually { ProcessTree.descendants(of: node.processIdentifier).count >= 6 })
    let family = ProcessTree.descendants(of: node.processIdentifier)
    kill(node.processIdentifier, SIGKILL)
    // A machine that is busy may take longer than promised, not as long as it likes.
    let end = ContinuousClock.now + .seconds(WorkerGuard.patience + 10)
    for member in family {
      #expect(await eventually(within: end - ContinuousClock.now) { !Self.isAlive(member) }, "\(member) lives")
    }
    node.waitUntilExit()
  }

  /// Whether a process runs; one whose parent has yet to take note of its end does not.
  private static func isAlive(_ id: pid_t) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return false }
    let text = String(decoding: stat, as: UTF8.self)
    return !text.split(separator: ")", omittingEmptySubsequences: false).dropFirst().joined().hasPrefix(" Z")
  }
}
