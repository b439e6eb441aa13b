import Substrate
import Testing

@testable import Validator

/// Epochs in which all goes its way.
extension EngineSubnet {
  /// A subnet of four validators and a hoster that have lived through an epoch's calls.
  ///
  /// - Returns: the subnet, its engines by node, and the epoch, which all of them have scores of.
  static func scored(
    _ change: (inout ValidatorEngine.Settings) -> Void = { _ in }
  ) async throws -> (subnet: EngineSubnet, members: [Member], epoch: UInt32) {
    let subnet = try await EngineSubnet()
    try subnet.serve(5, SumBackend())
    let members = try await subnet.start(1...4, change)
    let epoch = try await subnet.position().epoch
    try await subnet.advanceToScores(of: epoch, seenBy: members)
    return (subnet, members, epoch)
  }

  /// Starts the engines of some nodes.
  func start(
    _ ids: ClosedRange<UInt32>, _ change: (inout ValidatorEngine.Settings) -> Void = { _ in }
  ) async throws -> [Member] {
    var members: [Member] = []
    for id in ids { members.append(try await start(id, change)) }
    return members
  }

  /// Goes on until everybody has scores of an epoch.
  func advanceToScores(of epoch: UInt32, seenBy members: [Member]) async throws {
    try await advance(to: epoch, 11, seenBy: members)
    try await eventually("epoch \(epoch) is scored") { members.allSatisfy { $0.engine.lastScored == epoch } }
  }

  /// Lives through epochs until one begins in which one of `nodes` is elected, and everybody has scores of the one before.
  ///
  /// - Returns: the epoch, in its first block.
  func advanceToElection(of nodes: ClosedRange<UInt32>, seenBy members: [Member]) async throws -> UInt32 {
    let start = try await position().epoch
    for epoch in start..<start + 12 {
      try await advanceToScores(of: epoch, seenBy: members)
      try await advance(to: epoch + 1, 0, seenBy: members)
      let best = try await client.best().subnet(Self.subnetID)
      if let elected = try await best.electedValidator(epoch: epoch + 1), nodes.contains(elected) { return epoch + 1 }
    }
    throw EngineSubnetError.nobodyElected
  }

  /// Makes blocks of an epoch, with time for everybody to act after each, until so many have attested.
  func reachConsensus(in epoch: UInt32, of count: Int, seenBy members: [Member]) async throws {
    while try await submission(epoch)?.attestations.count ?? 0 < count {
      let position = try await position()
      try #require(position.epoch == epoch && position.into < 17, "no consensus in epoch \(epoch)")
      try await Task.sleep(for: .milliseconds(150))
      try await makeBlock(seenBy: members)
    }
  }

  /// Makes blocks until a duty of a member is over.
  func settle(_ member: Member, in epoch: UInt32, seenBy members: [Member]) async throws -> DutyRecord {
    let journal = SubmissionJournal(member.store)
    for _ in 0..<40 {
      if let duty = try await journal.duties(epoch: epoch).first(where: \.progress.isDone) { return duty }
      try await Task.sleep(for: .milliseconds(150))
      try await makeBlock(seenBy: members)
    }
    throw EngineSubnetError.neverSettled
  }
}

enum EngineSubnetError: Error {
  case nobodyElected, neverSettled
}
