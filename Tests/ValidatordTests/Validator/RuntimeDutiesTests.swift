import Foundation
import Substrate
import Testing
import Validator

/// The validator as a process, among the validators of the published runtime, started with its configuration alone.
@Suite(
  "A validator of the real runtime", .serialized, .timeLimit(.minutes(20)),
  .enabled(if: InteropEnvironment.hasSpec, "HYPERTENSOR_SPEC is not set"))
struct RuntimeDutiesTests {
  private static let chains = RecordedChain.allCases.filter(InteropEnvironment.hasSpec(of:))

  /// Epochs with duties; the acceptance of the program was five.
  private static let epochs = ProcessInfo.processInfo.environment["VALIDATORD_EPOCHS"].flatMap(UInt32.init) ?? 2
  private static let proposal = CallName("Network", "propose_attestation")
  private static let attestation = CallName("Network", "attest")

  @Test(
    "D-14 it proposes at once when it is elected and attests in the block after the proposal; its database agrees with the chain",
    arguments: chains)
  func duties(_ recorded: RecordedChain) async throws {
    try await PlayedSubnet.with(recorded) { subnet in
      let config = try subnet.configuration()
      try await RunningProgram.with(["validator", "--config", config]) { program in
        try await program.writes("\"event\":\"ready\"")
        let start = try await subnet.place().epoch
        let stake = try await Self.stake(subnet)
        // The first epoch has no scores of the one before; those after it have.
        let epochs = start + 1...start + max(2, Self.epochs)
        for epoch in epochs {
          // The first is another's and the last its own, whatever chance would have it.
          try await Self.elect(subnet) { node in
            if epoch == epochs.lowerBound { return node != subnet.ownID }
            return epoch < epochs.upperBound || node == subnet.ownID
          }
          try await subnet.advance(to: epoch, 0)
          try await Self.reachConsensus(subnet, epoch)
        }
        try await subnet.advance(to: epochs.upperBound + 1, 4)
        program.terminate()
        #expect(try await program.end() == 0, "\(program.errors.suffix(2000))")
        let store = try Store.openReadOnly(subnet.database)
        defer { try? store.close() }
        let state = try await subnet.subnet()
        let clock = try #require(try await state.clock())
        var done: Set<Duty> = []
        for epoch in epochs {
          let log = Comment(rawValue: "epoch \(epoch): \(program.errors.suffix(6000))")
          let submission = try #require(try await state.submission(epoch: epoch), log)
          #expect(submission.attestations.count == 5, log)
          #expect(submission.attestations[subnet.ownID] != nil, log)
          let kept = try #require(try await store.submission(epoch), log)
          #expect(kept.scores == submission.scores && kept.proposer == submission.proposer, log)
          #expect(kept.attestations == submission.attestations.mapValues(\.block), log)
          let duty: Duty = submission.proposer == subnet.ownID ? .propose : .attest
          let duties = try await SubmissionJournal(store).duties(epoch: epoch)
          let finalized = duties.filter { $0.state.name == "finalized" }
          #expect(finalized.map(\.key.duty) == [duty], log)
          done.insert(duty)
          // In the first tenth of the epoch, and then the attestation in the next block.
          let first = clock.firstBlock(of: epoch)
          #expect(submission.block - first <= clock.epochLength / 10, log)
          // By the block that it is in: generation A keeps the number of the one before.
          #expect(finalized.first?.state.block?.number == submission.block + (duty == .attest ? 1 : 0), log)
          // The first block of the next epoch judges this one.
          let events = try await subnet.client.at(number: clock.firstBlock(of: epoch + 1)).events()
          let paid = events.contains {
            $0.isEvent("Network", "SubnetRewards")
              && (try? $0.content.field("subnet_id").integer(as: UInt32.self)) == subnet.subnetID
          }
          #expect(paid, "epoch \(epoch): \(events.map { "\($0.pallet).\($0.name)" })")
          #expect(try await store.recompute(epoch - 1)?.isIdentical == true)
        }
        #expect(done == [.propose, .attest])
        #expect(try await Self.stake(subnet) > stake, "consensus pays")
      }
    }
  }

  /// From the next epoch on, one of these nodes is elected.
  private static func elect(_ subnet: PlayedSubnet, _ isWanted: (UInt32) -> Bool) async throws {
    let state = try await subnet.client.best()
    let metadata = try await state.metadata()
    let nodes = try await subnet.subnet().nodes().map(\.id).filter(isWanted).sorted()
    let key = try metadata.storage("Network", "SubnetNodeElectionSlots")
      .key([.unsigned(UInt128(subnet.subnetID))], types: metadata.types)
    // As SCALE has a list of less than 64 numbers.
    var slots = [UInt8(nodes.count << 2)]
    for node in nodes {
      for shift in [0, 8, 16, 24] { slots.append(UInt8(truncatingIfNeeded: node >> shift)) }
    }
    try await subnet.chain.rpc("dev_setStorage", [[Hex.encode(key): Hex.encode(slots)]])
  }

  /// Makes a block once the pool has the epoch's proposal, and the next one once it has everybody's attestation.
  private static func reachConsensus(_ subnet: PlayedSubnet, _ epoch: UInt32) async throws {
    try await pool(holds: 1, proposal, in: subnet)
    try await subnet.chain.newBlocks()
    // The proposer's own is part of its proposal.
    try await pool(holds: 4, attestation, in: subnet)
    try await subnet.chain.newBlocks()
  }

  /// Waits until so many calls of a name wait for a block; fails after a minute.
  private static func pool(holds count: Int, _ name: CallName, in subnet: PlayedSubnet) async throws {
    let metadata = try await subnet.client.best().metadata()
    let end = ContinuousClock.now + .seconds(60)
    while true {
      let pending = try await subnet.client.rpc.call("author_pendingExtrinsics", [], timeout: nil).arrayValue ?? []
      let calls = try pending.compactMap(\.hexBytes).map { try DecodedExtrinsic($0, metadata: metadata).name }
      if calls.count(where: { $0 == name }) >= count { return }
      try #require(ContinuousClock.now < end, "the pool has \(calls), and not \(count) of \(name)")
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private static func stake(_ subnet: PlayedSubnet) async throws -> Planck {
    let state = try await subnet.subnet()
    return try await state.stake(of: try #require(try await state.node(subnet.ownID)))
  }
}
