import Logging
import Testing

@testable import Substrate

@Suite("Proof of stake", .timeLimit(.minutes(2)))
struct ProofOfStakeTests {
  let source = ScriptedStakeSource()
  let clock = ManualClock()

  private func peer(_ number: Int) -> String { "12D3KooW" + String(number + 1_000_000).padded(to: 40) }

  private func proof(_ change: (inout ProofOfStake.Configuration) -> Void = { _ in }) -> ProofOfStake {
    var configuration = ProofOfStake.Configuration(StakeRequirement(subnetID: 1))
    change(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return ProofOfStake(configuration, source: source, logger: logger, now: clock.now)
  }

  private func isUnknown(_ verdict: StakeVerdict) -> Bool { if case .unknown = verdict { true } else { false } }

  private func until(_ condition: () -> Bool) async {
    while !condition() { await Task.yield() }
  }

  @Test("D-2 S6 staked and not staked are remembered for their times; unknown never is, and is neither")
  func threeAnswers() async {
    let proof = proof()
    source.set(peer(1), true)
    #expect(await proof.verdict(peer(1)) == .staked)
    #expect(await proof.verdict(peer(2)) == .notStaked)
    source.fail(RPCError(.timeout, "no answer in time"))
    let unknown = await proof.verdict(peer(3))
    #expect(unknown == .unknown(.init(reason: "rpc.timeout", provenAgo: nil)))
    #expect(isUnknown(await proof.verdict(peer(3))))
    #expect(source.asked == [peer(1), peer(2), peer(3), peer(3)])
    #expect(proof.cached(peer(1)) == .staked && proof.cached(peer(2)) == .notStaked && proof.cached(peer(3)) == nil)

    clock.advance(.seconds(20))
    #expect(proof.cached(peer(1)) == .staked && proof.cached(peer(2)) == nil)
    clock.advance(.seconds(280))
    #expect(proof.cached(peer(1)) == nil)
    // The chain can't be asked, but it is known how long ago it last said yes.
    #expect(await proof.verdict(peer(1)) == .unknown(.init(reason: "rpc.timeout", provenAgo: .seconds(300))))
  }

  @Test("An id that the chain can't hold is not staked, and not asked about")
  func impossible() async {
    let proof = proof()
    for id in [
      "", "short", String(repeating: "1", count: 129), String(repeating: "\n", count: 40),
      String(repeating: "é", count: 20),
    ] {
      #expect(await proof.verdict(id) == .notStaked)
    }
    #expect(source.asked.isEmpty)
  }

  @Test("S6 a thousand callers ask one question")
  func singleFlight() async {
    let proof = proof()
    source.set(peer(1), true)
    source.hold()
    await withTaskGroup(of: StakeVerdict.self) { group in
      for _ in 0..<1000 { group.addTask { await proof.verdict(peer(1)) } }
      await until { !source.asked.isEmpty }
      source.release()
      for await verdict in group { #expect(verdict == .staked) }
    }
    #expect(source.asked.count == 1)
  }

  @Test("A caller who gives up gets unknown at once; the others get the answer")
  func cancellation() async {
    let proof = proof()
    source.set(peer(1), true)
    source.hold()
    let impatient = Task { await proof.verdict(peer(1)) }
    let patient = Task { await proof.verdict(peer(1)) }
    await until { !source.asked.isEmpty }
    impatient.cancel()
    #expect(isUnknown(await impatient.value))
    source.release()
    #expect(await patient.value == .staked)
    #expect(source.asked.count == 1)
  }

  @Test("S6 questions under way are bounded; further ones wait their turn, and each is answered")
  func bounded() async {
    let proof = proof { $0.concurrentQuestions = 4 }
    for number in 0..<40 { source.set(peer(number), true) }
    source.hold()
    let asked = (0..<40).map { number in Task { await proof.verdict(peer(number)) } }
    await until { source.asked.count == 4 }
    for _ in 0..<1000 { await Task.yield() }
    #expect(source.asked.count == 4)
    source.release()
    for task in asked { #expect(await task.value == .staked) }
    #expect(source.asked.count == 40)
  }

  @Test("S6 the line before the chain is bounded, too: who finds it full knows at once")
  func line() async {
    let proof = proof {
      ($0.concurrentQuestions, $0.waitingQuestions, $0.patience) = (1, 1, .seconds(600))
    }
    source.hold()
    let first = Task { await proof.verdict(peer(0)) }
    await until { source.asked.count == 1 }
    // One of these two gets the one place in the line, and stays there.
    let (refusals, refused) = AsyncStream.makeStream(of: Int.self)
    let others = [1, 2].map { number in
      Task {
        let verdict = await proof.verdict(peer(number))
        if verdict == .unknown(.init(reason: "too many questions are under way", provenAgo: nil)) {
          refused.yield(number)
        }
      }
    }
    var out: Int?
    for await number in refusals.prefix(1) { out = number }
    source.release()
    #expect(await first.value == .notStaked)
    for other in others { await other.value }
    #expect(source.asked == [peer(0), peer(out == 1 ? 2 : 1)])
  }

  @Test("S6 nobody waits in the line for longer than the patience")
  func patience() async {
    let proof = proof {
      ($0.concurrentQuestions, $0.waitingQuestions, $0.patience) = (1, 1, .milliseconds(50))
    }
    source.hold()
    let first = Task { await proof.verdict(peer(0)) }
    await until { source.asked.count == 1 }
    let second = await proof.verdict(peer(1))
    #expect(second == .unknown(.init(reason: "too many questions are under way", provenAgo: nil)))
    source.release()
    #expect(await first.value == .notStaked)
    // Who gave up is out of the line.
    #expect(await proof.verdict(peer(2)) == .notStaked)
    #expect(source.asked == [peer(0), peer(2)])
  }

  @Test("S6 strangers that fill every place they may have hold up nobody else, and their own line is bounded")
  func strangers() async {
    let proof = proof {
      ($0.concurrentQuestions, $0.concurrentStrangers, $0.waitingStrangers) = (4, 2, 8)
    }
    for number in 0..<100 { source.set(peer(number), true) }
    source.hold()
    let strangers = (100..<200).map { number in Task { await proof.verdict(peer(number), isStranger: true) } }
    await until { source.asked.count == 2 }
    // All but those with a place or in line know at once that they are too many.
    let (refusals, refused) = AsyncStream.makeStream(of: Void.self)
    for task in strangers {
      Task { if case .unknown = await task.value { refused.yield() } }
    }
    for await _ in refusals.prefix(90) {}
    let own = (0..<50).map { number in Task { await proof.verdict(peer(number)) } }
    await until { source.asked.count == 4 }
    for _ in 0..<1000 { await Task.yield() }
    #expect(source.asked.count == 4)
    source.release()
    for task in own { #expect(await task.value == .staked) }
    for task in strangers { _ = await task.value }
    #expect(source.asked.count == 60)
  }

  @Test("S6 what a stranger waits to be asked about is asked at once for somebody of this node's own")
  func promoted() async {
    let proof = proof { ($0.concurrentQuestions, $0.concurrentStrangers) = (4, 1) }
    source.set(peer(2), true)
    source.hold()
    let first = Task { await proof.verdict(peer(1), isStranger: true) }
    await until { source.asked.count == 1 }
    let waiting = Task { await proof.verdict(peer(2), isStranger: true) }
    for _ in 0..<1000 { await Task.yield() }
    #expect(source.asked == [peer(1)])
    let own = Task { await proof.verdict(peer(2)) }
    await until { source.asked.count == 2 }
    #expect(source.asked == [peer(1), peer(2)])
    source.release()
    #expect(await own.value == .staked)
    #expect(await waiting.value == .staked)
    #expect(await first.value == .notStaked)
  }

  @Test("S6 a flood of strangers pushes no proven peer out of the memory")
  func flood() async {
    let proof = proof { $0.capacity = 8 }
    for number in 0..<8 {
      source.set(peer(number), true)
      #expect(await proof.verdict(peer(number)) == .staked)
    }
    for number in 100..<400 { #expect(await proof.verdict(peer(number)) == .notStaked) }
    for number in 0..<8 { #expect(proof.cached(peer(number)) == .staked) }
    #expect(proof.cached(peer(399)) == .notStaked)
    #expect(proof.cached(peer(100)) == nil)
  }

  @Test("S6 an endpoint that lags behind what was used is asked again, and not believed")
  func lagging() async {
    let proof = proof()
    #expect(await proof.verdict(peer(1)) == .notStaked)
    source.move(to: 99)
    source.set(peer(2), true)
    #expect(isUnknown(await proof.verdict(peer(2))))
    #expect(source.asked.filter { $0 == peer(2) }.count == ProofOfStake.attempts)
    #expect(proof.cached(peer(2)) == nil)
  }

  @Test("Finality moving on while a question is under way does not make it unknown")
  func overtaken() async {
    let proof = proof()
    source.set(peer(1), true)
    source.hold()
    let slow = Task { await proof.verdict(peer(1)) }
    await until { source.asked.count == 1 }
    source.move(to: 101)
    await proof.invalidate([], at: 101)
    source.release()
    #expect(await slow.value == .staked)
  }

  @Test("S6 an answer from before a change is not remembered after it")
  func changedMeanwhile() async {
    let proof = proof()
    source.set(peer(1), true)
    source.hold()
    let early = Task { await proof.verdict(peer(1)) }
    await until { source.asked.contains(peer(1)) }
    await proof.invalidate([peer(1)], at: nil)
    source.release()
    #expect(await early.value == .staked)
    #expect(proof.cached(peer(1)) == nil)
  }

  @Test("S6 who loses stake is announced once; who keeps it is not")
  func revocation() async {
    let proof = proof()
    for number in 1...3 {
      source.set(peer(number), true)
      _ = await proof.verdict(peer(number))
    }
    var revocations = proof.revocations().makeAsyncIterator()
    source.set(peer(2), false)
    source.move(to: 101)
    await proof.invalidate([peer(1), peer(2)], at: 101)
    #expect(await revocations.next()?.peerID == peer(2))
    #expect(proof.cached(peer(1)) == .staked && proof.cached(peer(2)) == .notStaked && proof.cached(peer(3)) == .staked)
    // The third was not touched, so nobody asked; a gap in the blocks touches everybody.
    source.set(peer(3), false)
    source.move(to: 102)
    await proof.invalidate(nil, at: nil)
    let last = await revocations.next()
    #expect(last?.peerID == peer(3) && last?.block.number == 102)
  }

  @Test("S6 a peer that could not be asked about after a change is asked about with the next block")
  func overdue() async throws {
    let proof = proof()
    source.set(peer(1), true)
    _ = await proof.verdict(peer(1))
    var revocations = proof.revocations().makeAsyncIterator()
    source.set(peer(1), false)
    source.fail(RPCError(.connectionLost, "the connection ended"))
    await proof.invalidate([peer(1)], at: nil)
    #expect(proof.cached(peer(1)) == nil)
    source.fail(nil)
    source.move(to: 1000)
    // A block in which nothing of the subnet happened.
    let node = try RecordedNode()
    let client = try await ChainClient(node)
    let key = try await client.best().metadata().storage("System", "Events").prefix
    let block = try await client.at(try node.extend(node.best, storage: [Hex.encode(key): "0x00"]))
    await proof.update(block)
    #expect(await revocations.next()?.peerID == peer(1))
  }

  @Test("S6 a listener that does not listen is cut off, and nobody waits for it")
  func slowListener() async {
    let proof = proof { $0.capacity = 2 * ProofOfStake.revocationBacklog }
    let slow = proof.revocations()
    let count = ProofOfStake.revocationBacklog + 10
    for number in 0..<count {
      source.set(peer(number), true)
      _ = await proof.verdict(peer(number))
    }
    for number in 0..<count { source.set(peer(number), false) }
    source.move(to: 101)
    await proof.invalidate(nil, at: 101)
    var received = 0
    for await _ in slow { received += 1 }
    #expect(received == ProofOfStake.revocationBacklog)
  }

  @Test(
    "A block whose events touch a node asks again about its peers, by their ids before and after",
    arguments: RecordedChain.allCases)
  func blockEvents(_ chain: RecordedChain) async throws {
    let node = try RecordedNode(chain)
    let client = try await ChainClient(node)
    let summary = try DevNode.summary(of: chain)
    let subnet = UInt32(try #require(summary["subnetId"].integer))
    let nodes = summary["nodes"].list
    let proof = ProofOfStake(.init(StakeRequirement(subnetID: subnet)), source: source, now: clock.now)
    let (first, second) = (try #require(nodes[0]["peerId"].text), try #require(nodes[1]["peerId"].text))
    for peer in [first, second] {
      source.set(peer, true)
      _ = await proof.verdict(peer)
    }
    let metadata = try await client.best().metadata()
    let item = try metadata.storage("System", "Events")
    let slash: ScaleValue = .fields([
      .init("phase", .variant(.init("Initialization"))),
      .init(
        "event",
        .variant(
          .init(
            "Network",
            .variant(
              .init(
                "Slashing",
                .fields([
                  .init("subnet_id", .unsigned(UInt128(subnet))),
                  .init("account_id", .text(try #require(nodes[0]["hotkey"].text))),
                  .init("amount", 1),
                ])))))),
      .init("topics", .sequence([])),
    ])
    let events = try metadata.types.encode(.sequence([slash]), as: item.entry.value)
    let block = try await client.at(try node.extend(node.best, storage: [Hex.encode(item.prefix): Hex.encode(events)]))
    source.move(to: 1000)
    source.set(first, false)
    source.set(second, false)
    await proof.update(block)
    #expect(proof.cached(first) == .notStaked)
    #expect(proof.cached(second) == .staked)
  }

  @Test("A block whose events can't be read makes everything be asked again")
  func unreadable() async throws {
    let proof = proof()
    source.set(peer(1), true)
    _ = await proof.verdict(peer(1))
    let node = try RecordedNode()
    let block = try await ChainClient(node).best()
    node.lie("state_getStorage") { _, _ in "0xff" }
    source.set(peer(1), false)
    source.move(to: 1000)
    await proof.update(block)
    #expect(proof.cached(peer(1)) == .notStaked)
  }

  @Test(
    "D-1 The chain is asked at a finalized block, in the parameters of its generation, and only a true is a yes",
    arguments: RecordedChain.allCases)
  func chainSource(_ chain: RecordedChain) async throws {
    let node = try RecordedNode(chain)
    let client = try await ChainClient(node)
    let final = node.best
    try node.extend(final)
    node.lie("state_call") { params, honest in
      guard params[0] == "NetworkRuntimeApi_proof_of_stake" else { return try honest() }
      var reader = ScaleReader(try #require(params[1].hexBytes))
      #expect(try reader.readInteger(as: UInt32.self) == 1)
      #expect(try reader.readByteSequence() == Array(peer(1).utf8))
      #expect(try reader.readByte() == NodeClass.validator.rawValue)
      if chain == .february {
        #expect(try reader.readOption { r throws(ScaleError) in try r.readInteger(as: UInt128.self) } == 5)
      }
      try reader.finish()
      #expect(params[2].stringValue == final.description)
      return "0x01"
    }
    let requirement = StakeRequirement(subnetID: 1, minimumClass: .validator, minimumStake: 5)
    let answer = try await ChainStakeSource(client).isStaked(peer(1), requirement)
    #expect(answer.isStaked && answer.block.hash == final)
    for malformed in ["0x", "0x02", "0x0100"] {
      node.lie("state_call") { params, honest in
        params[0] == "NetworkRuntimeApi_proof_of_stake" ? .string(malformed) : try honest()
      }
      await #expect(throws: ScaleError.self) { _ = try await ChainStakeSource(client).isStaked(peer(1), requirement) }
    }
  }

  @Test("On generation A, which knows no other minimum, the stake itself is looked at")
  func minimumOnA() async throws {
    let node = try RecordedNode(.december)
    let client = try await ChainClient(node)
    let summary = try DevNode.summary(of: .december)
    let peerID = try #require(summary["nodes"].list.first?["peerId"].text)
    node.lie("state_call") { params, honest in
      params[0] == "NetworkRuntimeApi_proof_of_stake" ? "0x01" : try honest()
    }
    let state = try await client.best()
    let subnet = state.subnet(1)
    let stake = try await subnet.stake(of: try #require(try await subnet.node(1)))
    for (minimum, expected) in [(nil, true), (stake.value, true), (stake.value + 1, false)] as [(UInt128?, Bool)] {
      let requirement = StakeRequirement(subnetID: 1, minimumStake: minimum.map(Planck.init))
      #expect(try await state.proofOfStake(peerID, requirement) == expected)
    }
  }
}

extension String {
  fileprivate func padded(to length: Int) -> String { self + String(repeating: "x", count: max(0, length - count)) }
}
