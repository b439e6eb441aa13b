import Testing
import Validator

@testable import Substrate
@testable import validatord

/// What a node is told of an epoch in which another one was slashed, or in which it was gone itself. In generation C,
/// submissions name validators, and an id may be that of a validator and of another one's node (spec/chain.md §7, §8).
@Suite("Losses of others, and of nodes that are gone")
struct ForeignLossTests {
  /// The published parameters (spec/chain.md §6).
  private static func parameters() throws -> ConsensusParameters {
    ConsensusParameters(
      epochLength: 20, minimumAttestation: FixedU128(660_000_000_000_000_000),
      superMajority: FixedU128(875_000_000_000_000_000), baseSlash: FixedU128(31_250_000_000_000_000),
      maximumSlash: try #require(Planck(tensor: "1")), baseReward: try #require(Planck(tensor: "1")), isPaused: false)
  }

  /// By node, its validator; all in generation C.
  private static let validators: [UInt32: UInt32] = [3: 7, 7: 3, 5: 9, 6: 7]

  /// - Parameters:
  ///   - proposer: a validator in generation C, else a node.
  ///   - attestors: the same.
  private static func submission(
    _ proposer: UInt32, _ attestors: [UInt32], nodes: [UInt32], isC: Bool = true
  ) -> ConsensusSubmission {
    let nodes = nodes.map { id in
      SubnetNode(
        id: id, hotkey: nil, validatorID: isC ? validators[id] : nil, nodeClass: .validator, startEpoch: 0,
        peer: PeerInfo(peerID: "node-\(id)"))
    }
    let attestations = attestors.map {
      ($0, ConsensusSubmission.Attestation(block: 50, rewardFactor: .one, data: nil))
    }
    return ConsensusSubmission(
      proposer: proposer, block: 45, rewardFactor: .one, attestations: Dictionary(uniqueKeysWithValues: attestations),
      nodes: nodes, scores: [], prioritizeQueueNodeID: nil, removeQueueNodeID: nil, arguments: nil,
      validatorIDs: isC ? Set(nodes.compactMap(\.validatorID)).sorted() : nil)
  }

  /// - Parameter stake: of the own node after the block that settled it; 200 before. Nil where it was gone.
  private static func settlement(
    own: UInt32, elected: UInt32, _ submission: ConsensusSubmission, stake: String? = "200"
  ) throws -> EpochSettlement {
    let outcome = try stake.map { stake in
      EpochSettlement.Outcome(
        block: 63, stakeBefore: try #require(Planck(tensor: "200")), stakeAfter: try #require(Planck(tensor: stake)),
        reputationBefore: .one, reputationAfter: .one, slash: nil, reputationChange: nil, events: [])
    }
    return EpochSettlement(
      epoch: 2, elected: elected, own: own, submission: submission, parameters: try parameters(), outcome: outcome,
      missing: nil)
  }

  private static func isTaken(_ loss: EpochLoss) -> Bool {
    loss.text.contains("slashed") || loss.text.contains("the proposer's reward")
  }

  @Test("Generation C: the own slash is what the stake lost, since the chain does not tell it")
  func own() throws {
    let settlement = try Self.settlement(own: 3, elected: 3, Self.submission(7, [7], nodes: [3, 7, 5]), stake: "199")
    let losses = EpochLoss.all(own: 3, settlement, [])
    let tensor = try #require(Planck(tensor: "1"))
    #expect(losses.map(\.amount) == [tensor, tensor, nil], "\(losses)")
    #expect(losses[0].text.contains("slashed in block 63") && losses[2].text.contains("1 of 3 attested"))
  }

  @Test("Generation C: the slash of a validator whose id is that of the own node is not taken for the own one")
  func sameNumber() throws {
    // Validator 3 has node 7; node 3 is of validator 7.
    let settlement = try Self.settlement(own: 3, elected: 7, Self.submission(3, [3], nodes: [3, 7, 5]))
    #expect(settlement.ownVoter == 7 && !settlement.isOwnProposal)
    let losses = EpochLoss.all(own: 3, settlement, [])
    #expect(losses.map(\.amount) == [nil], "\(losses)")
    #expect(losses[0].text.contains("1 of 3 attested") && !losses.contains(where: Self.isTaken))
  }

  @Test("Generation C: the slash of another node of the same validator is not the own one, whatever the stake does")
  func sameValidator() throws {
    // The owner took a tensor out of node 3 in the block that slashed node 6.
    let settlement = try Self.settlement(
      own: 3, elected: 6, Self.submission(7, [7], nodes: [3, 6, 5, 7]), stake: "199")
    #expect(settlement.ownVoter == 7 && !settlement.isOwnProposal)
    let losses = EpochLoss.all(own: 3, settlement, [])
    #expect(losses.map(\.amount) == [nil] && !losses.contains(where: Self.isTaken), "\(losses)")
  }

  @Test("Generation C: in an agreed epoch it is the own validator that did not attest, not one that has the node's id")
  func attestation() throws {
    let nodes: [UInt32] = [3, 7, 5]
    let silent = EpochLoss.all(
      own: 3, try Self.settlement(own: 3, elected: 5, Self.submission(9, [9, 3], nodes: nodes)), [])
    #expect(silent.map(\.amount) == [0] && silent[0].text.contains("did not attest"), "\(silent)")
    let done = EpochLoss.all(
      own: 3, try Self.settlement(own: 3, elected: 5, Self.submission(9, [9, 7], nodes: nodes)), [])
    #expect(done.isEmpty, "\(done)")
  }

  @Test("A node that is gone is told as gone: nothing was taken from it, in any generation", arguments: [true, false])
  func gone(_ isC: Bool) throws {
    // Nobody took its stake, and the id is the proposer's in generation C. Agreed, and not.
    let proposer: UInt32 = isC ? 3 : 7
    for attestors in [[proposer], [proposer, isC ? 9 : 5]] {
      let submission = Self.submission(proposer, attestors, nodes: [7, 5], isC: isC)
      let settlement = try Self.settlement(own: 3, elected: 7, submission, stake: nil)
      #expect(settlement.ownVoter == nil && !settlement.isOwnProposal)
      let losses = EpochLoss.all(own: 3, settlement, [])
      #expect(!losses.contains(where: Self.isTaken) && !losses.contains { $0.text.contains("did not attest") })
      #expect(losses.last?.amount == 0, "\(losses)")
      #expect(losses.last?.text.hasPrefix("node 3 was not active in the subnet when the scores were proposed") == true)
      #expect(losses.count == (attestors.count == 1 ? 2 : 1), "\(losses)")
    }
  }
}
