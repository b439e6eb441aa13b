import Foundation
import Protocols
import Substrate
import Testing

@testable import Validator

/// Made-up but complete epochs.
enum Sample {
  static let identity = SubnetIdentity(genesisHash: hash(1), subnetID: 128_001)

  static func hash(_ byte: UInt8) -> BlockHash {
    guard let hash = BlockHash([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a hash") }
    return hash
  }

  static func block(_ number: UInt64) -> BlockReference {
    BlockReference(number: number, hash: hash(UInt8(truncatingIfNeeded: number)))
  }

  static func tokens(_ values: Int64...) throws -> Answer {
    try #require(
      Answer(.int64, shape: [values.count], bytes: values.flatMap { littleEndian(UInt64(bitPattern: $0)) }))
  }

  static func peer(_ id: UInt32) -> String { "12D3KooWSample\(id)" }

  static func node(_ id: UInt32, _ standing: EpochNode.Standing = .hoster) -> EpochNode {
    EpochNode(
      subnetNodeID: id, peerID: peer(id), hotkey: try? AccountID(bytes: [UInt8](repeating: UInt8(id % 256), count: 20)),
      nodeClass: .validator, standing: standing)
  }

  static func epoch(_ number: UInt32) -> EpochRecord {
    EpochRecord(epoch: number, firstBlock: UInt64(number) * 20 + 3, length: 20, firstBlockHash: hash(9), ownNode: 100)
  }

  static func observation(
    _ epoch: UInt32, _ node: UInt32, probe: UInt16 = 0, attempt: UInt8 = 1, verdict: Verdict = .accepted,
    reason: VerdictReason = .answered, answer: Answer? = nil
  ) -> Observation {
    Observation(
      epoch: epoch, subnetNodeID: node, probe: probe, attempt: attempt, peerID: peer(node),
      requestDigest: .sha256([1]), verdict: verdict, reason: reason,
      detail: verdict == .refused ? "busy\u{1b}[2J" : nil,
      answer: answer.map(AnswerDigest.init), tokenCount: 5, firstMessage: verdict == .accepted ? 1_200 : nil,
      total: 5_000, block: UInt64(epoch) * 20 + 14)
  }

  /// Opens an epoch with three honest hosters, a liar (4), a silent one (5) and the own node (100); records what is seen.
  static func fill(_ store: Store, _ epoch: UInt32) async throws {
    try await store.open(Self.epoch(epoch), nodes: [1, 2, 3, 4, 5].map { node($0) } + [node(100, .own)])
    try await store.record(ProbeTensor(probe: 0, source: .chain, tensor: tokens(7, 8)), epoch: epoch)
    let right = try tokens(1, 2, 3)
    try await store.record(
      [1, 2].map { observation(epoch, $0, answer: right) } + [
        observation(epoch, 3, verdict: .absent, reason: .deadline),
        observation(epoch, 3, attempt: 2, answer: right), observation(epoch, 4, answer: try tokens(1, 2, 9)),
        observation(epoch, 5, verdict: .refused, reason: .error),
      ])
  }

  /// Scores an epoch from the own view and keeps the scores.
  @discardableResult
  static func score(_ store: Store, _ epoch: UInt32) async throws -> ScoreSheet {
    let evidence = try await OwnView(store).evidence(for: epoch)
    let policy = AgreementPolicy()
    let sheet = policy.score(evidence)
    try await store.record(
      sheet, by: policy, agreement: OwnView.name, evidence: evidence.digest, block: UInt64(epoch) * 20 + 22)
    return sheet
  }
}
