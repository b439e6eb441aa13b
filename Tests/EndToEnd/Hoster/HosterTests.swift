import Foundation
import Protocols
import Testing
import Validator

/// The hoster daemon with the processes around it, on a simulated chain.
@Suite("The hoster daemon", .serialized, .timeLimit(.minutes(5)))
struct HosterTests {
  /// A place in the time for commits, and the first one behind it, of 20 blocks.
  private static let (committing, calling): (UInt64, UInt64) = (5, 11)

  @Test("P-44 P-61 a staked peer gets the model's tokens, one without stake none, and p2pd-based nodes are served")
  func serving() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet, workers: 2) { hoster in
        // An answer that fails is tried again with the next block, and there is none until this test makes it.
        try await hoster.waits(for: "2 of 2 workers are ready", of: "workers")
        try await subnet.advance(to: Self.committing)
        try await hoster.waits(for: "kept", of: "duty")
        #expect(try await hoster.get("/readyz").status == 200)

        let model = try await Program.run([
          "model", "run", "\(subnet.folder.path)/model", "--prompt-tokens", "1,2,3", "--max-new-tokens", "5",
        ])
        let expected = model.output.split { !$0.isNumber }.compactMap { Int64($0) }.prefix(5)
        let (tokens, result) = try await subnet.ask(hoster.address, [1, 2, 3], as: subnet.validators[0])
        #expect(result.status == 0, "\(result.errors)")
        #expect(tokens.count == 5 && tokens == Array(expected), "\(model.output) \(model.errors)")

        let unstaked = try await subnet.ask(hoster.address, [1, 2, 3], as: subnet.stranger)
        #expect(unstaked.1.status != 0 && unstaked.tokens.isEmpty, "\(unstaked.1.output)")

        let (python, p2pd) = try (#require(ForeignNode.python), #require(ForeignNode.p2pd))
        func foreign(_ peer: ManualSubnet.Peer) async throws -> Program.Result {
          let caller = [ForeignNode.script("mesh/p2pd_inference.py"), "--p2pd", p2pd, "--key", peer.file]
          return try await Program.run(caller + ["--to", hoster.address, "--prompt", "1,2,3"], program: python)
        }
        let served = try await foreign(subnet.validators[1])
        #expect(served.output.contains("\"ok\": true"), "\(served.output) \(served.errors)")
        #expect(served.output.contains("\"tokens\": \(tokens)"), "\(served.output)")
        let refused = try await foreign(subnet.stranger)
        #expect(refused.status == 1 && refused.output.contains("\"ok\": false"), "\(refused.output) \(refused.errors)")
        hoster.program.terminate()
        #expect(try await hoster.program.end() == 0, "\(hoster.program.errors)")
      }
    }
  }

  @Test("P-75 D-15 the epoch's answer: kept before the deadline, given to nobody until then, to validators after it")
  func copyAttack() async throws {
    try await ManualSubnet.with { subnet in
      var (epoch, prompt): (UInt32, [Int64]) = (0, [])
      try await HosterProcess.with(subnet) { hoster in
        try await hoster.waits(for: "1 of 1 workers are ready", of: "workers")
        epoch = try await subnet.advance(to: Self.committing)
        try await hoster.waits(for: "epoch \(epoch) kept", of: "duty")
        prompt = try await subnet.consensusPrompt(of: epoch)
        for peer in [subnet.copier, subnet.validators[0]] {
          let early = try await subnet.ask(hoster.address, prompt, as: peer)
          #expect(early.1.errors.contains("Invalid request. ") && early.tokens.isEmpty, "\(early.1.errors)")
        }
        hoster.program.kill()
        #expect(try await hoster.program.end() == SIGKILL)
      }
      let answer = try await ownAnswer(subnet, epoch)
      try await HosterProcess.with(subnet) { hoster in
        // What was kept is not computed again.
        try await hoster.waits(for: "epoch \(epoch) kept", of: "duty")
        try await hoster.waits(for: "1 of 1 workers are ready", of: "workers")
        #expect(try await hoster.metric("hoster_inference_tokens_total") ?? 0 == 0)
        #expect(try await subnet.advance(to: Self.calling) == epoch)
        let validator = try await subnet.ask(hoster.address, prompt, as: subnet.validators[0])
        #expect(validator.1.status == 0, "\(validator.1.errors)")
        #expect(validator.tokens == answer)
        let copier = try await subnet.ask(hoster.address, prompt, as: subnet.copier)
        #expect(copier.1.errors.contains("Invalid request. ") && copier.tokens.isEmpty, "\(copier.1.errors)")
      }
    }
  }

  @Test("P-75 a peer of class Validator that serves a model itself gets no answer, the same peer as a validator does")
  func risenCopier() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet) { hoster in
        try await hoster.waits(for: "1 of 1 workers are ready", of: "workers")
        let epoch = try await subnet.advance(to: Self.committing)
        try await hoster.waits(for: "epoch \(epoch) kept", of: "duty")
        let prompt = try await subnet.consensusPrompt(of: epoch)
        // The elected node is served whatever it is.
        let elected = try await subnet.electedValidator(epoch)
        let node = try #require((1...3 as ClosedRange<UInt32>).first { $0 != elected })
        try await RolePeer.with(subnet.validators[Int(node) - 1], calling: hoster.address) { peer in
          for role in [NodeRole.hoster, .validator] {
            peer.say(role)
            #expect(try await peer.ask(prompt) == .refused("Invalid request. "))
          }
          // Too early is too early for everybody.
          #expect(peer.questions == 0)

          #expect(try await subnet.advance(to: Self.calling) == epoch)
          let answer = try await ownAnswer(subnet, epoch)
          peer.say(.hoster)
          // The hoster sees the block a moment after the chain has made it; until then it does not ask.
          repeat {
            #expect(try await peer.ask(prompt) == .refused("Invalid request. "))
          } while peer.questions == 0
          #expect(peer.questions == 1)
          // Its other questions are anybody's.
          #expect(try await peer.ask([1, 2, 3]) != .refused("Invalid request. "))
          #expect(peer.questions == 1)
          peer.say(.validator)
          #expect(try await peer.ask(prompt) == .tokens(answer))
          #expect(peer.questions == 2)
          // What it was before is not remembered for it.
          peer.say(.hoster)
          #expect(try await peer.ask(prompt) == .refused("Invalid request. "))
        }
      }
    }
  }

  @Test("D-19 workers are the daemon's, each in a process group of its own behind its guard, and inherit nothing")
  func family() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet, workers: 2) { hoster in
        try await hoster.waits(for: "2 of 2 workers are ready", of: "workers")
        let daemon = hoster.program.processID
        // Files and sockets; the ends of a pipe have one name on both sides, and standard input is /dev/null.
        func own(_ id: Int32) -> Set<String> {
          Set(ProcessList.descriptors(of: id).values.filter { $0.hasPrefix("socket:") || $0.hasPrefix("/") })
            .subtracting(["/dev/null"])
        }
        #expect(own(daemon).contains { $0.hasSuffix("/node.sqlite") })
        #expect(hoster.workers.count == 2)
        for worker in hoster.workers {
          let keeper = try #require(ProcessList.parent(of: worker))
          #expect(ProcessList.command(of: keeper).dropFirst().prefix(2) == ["worker", "guard"])
          #expect(ProcessList.parent(of: keeper) == daemon)
          #expect(getpgid(keeper) == keeper && getpgid(worker) == keeper && getpgid(daemon) != keeper)
          for process in [keeper, worker] {
            #expect(own(process).isDisjoint(with: own(daemon)), "\(ProcessList.descriptors(of: process))")
            #expect(ProcessList.descriptors(of: process)["0"] == "/dev/null")
          }
        }
      }
    }
  }

  @Test("P-54 D-20 a killed worker ends its own stream and nothing else; a killed daemon leaves no worker behind")
  func kills() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet, workers: 2) { hoster in
        try await subnet.advance(to: Self.calling)
        try await hoster.waits(for: "2 of 2 workers are ready", of: "workers")
        let call = { subnet.inference(hoster.address, [$0], as: subnet.validators[0], tokens: 500) }
        try await RunningProgram.with(call(1)) { first in
          try await RunningProgram.with(call(2)) { second in
            try await first.writes("\n")
            try await second.writes("\n")
            let victim = try #require(hoster.workers.first)
            #expect(hoster.workers.count == 2)
            kill(victim, SIGKILL)
            let ends = [try await first.end(), try await second.end()]
            #expect(ends.sorted() == [0, 1], "\(first.errors) \(second.errors)")
            #expect((first.errors + second.errors).contains("inference.worker"))
          }
        }
        try await hoster.waits(for: "2 of 2 workers are ready", of: "workers")
        let starts = try await [0, 1].asyncMap {
          try await hoster.metric("hoster_worker_starts_total{worker=\"\($0)\"}")
        }
        #expect(starts.compactMap(\.self).sorted() == [1, 2])
        #expect(try await subnet.ask(hoster.address, [3], as: subnet.validators[1]).tokens.count == 5)

        let family = hoster.descendants
        #expect(family.count >= 4, "two guards and two workers")
        hoster.program.kill()
        #expect(try await hoster.program.end() == SIGKILL)
        // Two seconds are promised; a machine that is busy may take longer, not as long as it likes.
        try await ProcessList.end(of: family, within: .seconds(12))
      }
    }
  }

  @Test("Two daemons can't have one data folder, and another chain than the named one ends the program with its code")
  func refusals() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet) { hoster in
        let second = try await Program.run(["hoster", "--config", "\(subnet.folder.path)/hoster.yaml"])
        #expect(second.status == 75 && second.errors.contains("[store.locked]"), "\(second.errors)")
        #expect(try await hoster.get("/livez").status == 200)
      }
      let other = try await Program.run([
        "hoster", "--config", "\(subnet.folder.path)/hoster.yaml", "--chain-genesis",
        "0x" + String(repeating: "ab", count: 32),
      ])
      #expect(other.status == 78, "\(other.errors)")
    }
  }

  @Test("DESIGN §15 a daemon that sees no final block ends with 70 and says why")
  func stall() async throws {
    try await ManualSubnet.with { subnet in
      let yaml = """
        chain: {rpc: ["\(subnet.chain.webSocketURL)"], subnet: \(ManualSubnet.subnetID), stall-timeout: 2 s}
        node: {peer-key: "\(subnet.hoster.file)", data: data}
        p2p: {listen: [/ip4/127.0.0.1/tcp/0]}
        operations: {listen: "127.0.0.1:0"}
        hoster: {backend: external, command: [/bin/cat]}
        """
      let file = "\(subnet.folder.path)/stalled.yaml"
      try Data(yaml.utf8).write(to: URL(filePath: file))
      let result = try await Program.run(["hoster", "--config", file])
      #expect(result.status == 70, "\(result.errors)")
      #expect(result.errors.contains("[epoch.stalled]"), "\(result.errors)")
    }
  }

  /// The hoster's own tokens, as its database keeps them.
  private func ownAnswer(_ subnet: ManualSubnet, _ epoch: UInt32) async throws -> [Int64] {
    let store = try Store.openReadOnly(HosterProcess.database(in: subnet))
    defer { try? store.close() }
    #expect(try await store.ownCommitment(epoch, role: .hoster) != nil)
    let answer = try #require(try await store.ownAnswer(epoch, role: .hoster))
    return answer.bytes.chunks(of: 8).map { $0.reversed().reduce(0) { $0 << 8 | Int64($1) } }
  }
}

extension Array {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }

  fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
