import Substrate
import Validator

/// What a validator's database has of an epoch.
struct EpochAccount: Sendable {
  /// A duty and how it went.
  struct DutyCourse: Sendable {
    let record: DutyRecord
    let steps: [JournalStep]
  }

  let identity: SubnetIdentity?
  let epoch: EpochRecord
  let scores: StoredScores?
  let observations: [Observation]
  let nodes: [EpochNode]
  let submission: SubmissionRecord?
  /// Those of the epoch in which its scores are proposed.
  let duties: [DutyCourse]

  /// - Returns: nil if the epoch was never opened.
  init?(_ number: UInt32, _ store: Store) async throws {
    guard let epoch = try await store.epoch(number) else { return nil }
    self.epoch = epoch
    identity = try await store.identity()
    scores = try await store.scores(number)
    observations = try await store.observations(number)
    nodes = try await store.nodes(number)
    submission = try await store.submission(number &+ 1)
    let journal = SubmissionJournal(store)
    var duties: [DutyCourse] = []
    for record in try await journal.duties(epoch: number &+ 1) {
      duties.append(DutyCourse(record: record, steps: try await journal.history(record.key)))
    }
    self.duties = duties
  }

  /// The subnet epoch in which the scores are proposed and attested.
  var proposalEpoch: UInt32 { epoch.epoch &+ 1 }
  /// The first block of that epoch.
  var nextBlock: UInt64 { Self.sum(epoch.firstBlock, epoch.length) }
  /// The block that pays for the scores.
  var settlementBlock: UInt64 { Self.sum(nextBlock, epoch.length) }
  /// How far into an epoch a block is, out of 10,000.
  func progress(_ block: UInt64) -> UInt64 {
    guard block >= epoch.firstBlock, epoch.length > 0 else { return 0 }
    let into = (block - epoch.firstBlock) % epoch.length
    return epoch.length.dividingFullWidth(into.multipliedFullWidth(by: 10_000)).quotient
  }

  /// The numbers of a damaged database may be anything.
  private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let (sum, isTooLarge) = one.addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }
}
