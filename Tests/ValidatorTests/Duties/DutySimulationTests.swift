import Testing

@testable import Validator

@Suite("Ten thousand epochs in virtual time")
struct DutySimulationTests {
  @Test("D-14 without faults every duty that can be done is done")
  func calm() throws {
    var simulation = try DutySimulation(seed: 1, .init())
    simulation.run(epochs: 1000)
    #expect(simulation.violations == [])
    let done = simulation.tally["finalized"] ?? 0
    // A proposal in eight of twelve epochs of others, in which an attestation follows; the own ones are always there.
    #expect(done > 650, "\(simulation.tally)")
    // In the first epoch there are no scores yet, and without a proposal nothing is attested to.
    let expected: Set = ["finalized", "no-proposal", "no-scores"]
    #expect(Set(simulation.tally.keys).subtracting(expected) == [], "\(simulation.tally)")
    #expect(simulation.tally["no-scores"] ?? 0 <= 1)
  }

  @Test(
    "D-15 reorganisations, missed heads, failing endpoints and crashes anywhere: nothing twice, nothing in a foreign epoch, a reason for every miss",
    arguments: [2, 3] as [UInt64])
  func faults(_ seed: UInt64) throws {
    var simulation = try DutySimulation(
      seed: seed, .init(crash: 0.01, reorganisation: 0.03, missedHead: 0.1, failure: 0.05))
    simulation.run(epochs: 2000)
    let (early, most) = (simulation.size, simulation.mostEpochs)
    simulation.run(epochs: 5000)
    #expect(simulation.violations.prefix(5) == [])
    #expect(simulation.crashes > 300)
    // Most duties are done all the same.
    #expect((simulation.tally["finalized"] ?? 0) > 1500, "\(simulation.tally)")
    // All that ended without an effect has a reason of the list, or ran out.
    let known = Set(MissReason.allCases.map(\.rawValue) + ["finalized", "expired", "replaced"])
    #expect(Set(simulation.tally.keys).subtracting(known) == [], "\(simulation.tally)")
    // Nothing grows with the epochs.
    #expect(most <= 3 && simulation.mostEpochs <= 3)
    #expect(simulation.size <= early + 40)
  }
}
