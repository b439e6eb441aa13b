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

  @Test(
    "D-14 it proposes when it is elected and attests otherwise; every epoch reaches consensus, and its database agrees with the chain",
    arguments: chains)
  func duties(_ recorded: RecordedChain) async throws {
    try await PlayedSubnet.with(recorded) { subnet in
      let config = try subnet.configuration()
      try await RunningProgram.with(["validator", "--config", config]) { program in
        try await program.writes("\"event\":\"ready\"")
        let start = try await subnet.place().epoch
        let stake = try await Self.stake(subnet)
        // The first epoch has no scores of the one before; those after it have.
        try await subnet.advance(to: start + 1 + Self.epochs, 4)
        program.terminate()
        #expect(try await program.end() == 0, "\(program.errors.suffix(2000))")
        let store = try Store.openReadOnly(subnet.database)
        defer { try? store.close() }
        let state = try await subnet.subnet()
        for epoch in start + 1...start + Self.epochs {
          let log = Comment(rawValue: "epoch \(epoch): \(program.errors.suffix(6000))")
          let submission = try #require(try await state.submission(epoch: epoch), log)
          #expect(submission.attestations.count == 5, log)
          #expect(submission.attestations[subnet.ownID] != nil, log)
          let kept = try #require(try await store.submission(epoch), log)
          #expect(kept.scores == submission.scores && kept.proposer == submission.proposer, log)
          #expect(kept.attestations == submission.attestations.mapValues(\.block), log)
          let duty: Duty = submission.proposer == subnet.ownID ? .propose : .attest
          let duties = try await SubmissionJournal(store).duties(epoch: epoch)
          #expect(duties.filter { $0.state.name == "finalized" }.map(\.key.duty) == [duty], log)
          // Within a block: the proposal stands in one block, the attestation in the next.
          if let attested = submission.attestations[subnet.ownID]?.block, duty == .attest {
            #expect(attested <= submission.block + 3, log)
          }
          #expect(try await store.recompute(epoch - 1)?.isIdentical == true)
        }
        #expect(try await Self.stake(subnet) > stake, "consensus pays")
      }
    }
  }

  private static func stake(_ subnet: PlayedSubnet) async throws -> Planck {
    let state = try await subnet.subnet()
    return try await state.stake(of: try #require(try await state.node(subnet.ownID)))
  }
}
