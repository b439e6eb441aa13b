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

  /// How long an engine is waited for that does nothing about its duty.
  private static let patience = Duration.seconds(5)

  /// Waits until each engine has come as far with its duty of an epoch as it can without another block. What failed is
  /// tried again with the next one, so that nobody is waited for long.
  func rest(_ members: [Member], in epoch: UInt32) async throws {
    let end = ContinuousClock.now + Self.patience
    for member in members {
      while try await !isResting(member, in: epoch), ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  private func isResting(_ member: Member, in epoch: UInt32) async throws -> Bool {
    let duties = try await SubmissionJournal(member.store).duties(epoch: epoch)
    for duty in duties {
      guard try await isResting(duty, of: member) else { return false }
    }
    return !duties.isEmpty || member.looks.areNew
  }

  private func isResting(_ duty: DutyRecord, of member: Member) async throws -> Bool {
    switch duty.state {
    case .planned: return member.looks.areNew
    case .signed: return false
    case .sent:
      let pending = try await client.rpc.call("author_pendingExtrinsics", [], timeout: nil).arrayValue ?? []
      let bytes = duty.signature?.extrinsic.bytes
      return pending.contains { $0.hexBytes == bytes }
    // Once its block is final, that is all there is to note.
    case .included(let block): return try await client.finalized().number < block.number
    case .finalized, .expired, .replaced, .refused, .missed: return true
    }
  }

  /// Makes blocks of an epoch, each once everybody has done what there was to do, until so many have attested.
  func reachConsensus(in epoch: UInt32, of count: Int, seenBy members: [Member]) async throws {
    while try await submission(epoch)?.attestations.count ?? 0 < count {
      let position = try await position()
      try #require(position.epoch == epoch && position.into < 17, "no consensus in epoch \(epoch)")
      try await rest(members, in: epoch)
      try await makeBlock(seenBy: members)
    }
  }

  /// Makes blocks, each once everybody has done what there was to do, until a duty of a member is over.
  func settle(_ member: Member, in epoch: UInt32, seenBy members: [Member]) async throws -> DutyRecord {
    let journal = SubmissionJournal(member.store)
    for _ in 0..<40 {
      if let duty = try await journal.duties(epoch: epoch).first(where: \.progress.isDone) { return duty }
      try await rest(members, in: epoch)
      try await makeBlock(seenBy: members)
    }
    throw EngineSubnetError.neverSettled
  }
}

enum EngineSubnetError: Error {
  case nobodyElected, neverSettled
  /// A call of the owner.
  case refused(String)
}
