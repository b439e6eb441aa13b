import Hoster
import Protocols
import Validator

/// A hoster's own answers in the node's database, each with the promise to it.
struct StoredOwnRuns: OwnRunJournal {
  private let store: Store
  private let subnet: SubnetIdentity

  init(_ store: Store, _ subnet: SubnetIdentity) {
    self.store = store
    self.subnet = subnet
  }

  func isKept(_ epoch: UInt32) async throws -> Bool {
    try await store.ownCommitment(epoch, role: .hoster) != nil
  }

  func note(_ miss: OwnRunMiss, epoch: UInt32, block: UInt64) async throws {
    try await store.record(OwnRunRecord(epoch: epoch, outcome: .missed(miss.rawValue), block: block))
  }

  func keep(_ tokens: [Int32], epoch: UInt32, subnetNodeID: UInt32, block: UInt64) async throws {
    // As a validator joins the messages of the stream, each of which has one token.
    guard let answer = Answer(joining: try tokens.map { try Tensor(tokenIDs: [$0], shape: [1]) }) else {
      throw CommandError("hoster.no-answer", "the model has nothing to say to the consensus tensor", status: .failed)
    }
    let statement = Statement(
      genesisHash: subnet.genesisHash, subnetID: subnet.subnetID, epoch: epoch, subnetNodeID: subnetNodeID)
    _ = try await store.promise(
      Commitment(payload: statement.payload(answer: answer.digest)), to: answer, epoch: epoch, role: .hoster)
    try await store.record(OwnRunRecord(epoch: epoch, outcome: .kept, block: block))
  }
}
