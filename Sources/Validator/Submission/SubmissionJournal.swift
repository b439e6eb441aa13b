import Foundation
import GRDB
public import Substrate

/// Stands before the key: what is signed for the chain goes through here, and only once.
///
/// A duty's row and its signed bytes are written in one transaction before anybody gets the bytes. The row is unique
/// for genesis hash, subnet, node, epoch and duty, so that of two processes with one database one signs, and after a
/// restart the same bytes are sent again. Copies of the database are held apart by ``ProtectionBounds``.
/// Source: spec/epoch.md §8, spec/threats.md §6.
public struct SubmissionJournal: Sendable {
  /// Where in a step the process is; tests end it there.
  @_spi(Testing) public enum Moment: String, Sendable, CaseIterable {
    /// Nothing is written yet.
    case before
    /// All is written, and the transaction is open.
    case inside
    /// The step is on disk, and nobody knows yet.
    case after
  }

  let store: Store
  private let watch: @Sendable (DutyProgress.Arrow, Moment) -> Void

  public init(_ store: Store) { self.init(store) { _, _ in } }

  /// Tells of every step; for tests that end the process there.
  @_spi(Testing) public init(_ store: Store, watch: @escaping @Sendable (DutyProgress.Arrow, Moment) -> Void) {
    self.store = store
    self.watch = watch
  }

  /// Notes that a duty is to be done; nothing changes if it was noted before.
  ///
  /// - Parameter block: the chain's height.
  public func plan(_ key: DutyKey, at block: UInt64) async throws -> DutyRecord {
    try await step(.plan) { database in
      if let known = try DutyRows.find(database, key) { return (known.record, false) }
      let id = try DutyRows.insert(database, key)
      try DutyRows.note(database, id, .plan, DutyProgress().state, block, nil)
      return (DutyRecord(key: key, progress: DutyProgress(), signature: nil, detail: nil), true)
    }
  }

  /// Gets the signature for a planned duty: the stored one, or a new one that is stored before it is returned.
  ///
  /// - Parameters:
  ///   - content: SHA-256 of what is stated, such as ``ScoreList/digest``; the stored signature has to state the same.
  ///   - block: the chain's height.
  ///   - sign: makes the extrinsic. Runs inside the transaction, at most once, and must not wait for anything.
  /// - Returns: the duty with its signature, even if the bytes were sent before.
  /// - Throws: ``ProtectionError``; ``StoreError`` if it can't be written down, and then nothing is signed.
  public func sign(
    _ key: DutyKey, content: Digest32, at block: UInt64, _ sign: @escaping @Sendable () throws -> SignedExtrinsic
  ) async throws -> DutyRecord {
    try await step(.sign) { database in
      guard let (id, record) = try DutyRows.find(database, key) else {
        throw ProtectionError(.notPlanned, "\(key) is not planned")
      }
      if let signature = record.signature {
        guard signature.content == content else {
          throw ProtectionError(.signedOtherwise, "something else was signed for \(key)")
        }
        return (record, false)
      }
      var progress = record.progress
      guard try progress.apply(.sign) != nil else { throw ProtectionError(.notPlanned, "\(key) is over") }
      try ProtectionBounds.demandRoom(database, key)
      let extrinsic = try sign()
      guard extrinsic.expiresAt != nil, Blake2b.hash256(extrinsic.bytes) == extrinsic.hash else {
        throw ProtectionError(.unfit, "the extrinsic for \(key) never expires, or its hash is wrong")
      }
      let signature = DutyRecord.Signature(extrinsic: extrinsic, content: content, signedAt: block)
      try DutyRows.insert(database, id, signature)
      try ProtectionBounds.raise(database, key)
      try DutyRows.update(database, id, progress.state, nil)
      try DutyRows.note(database, id, .sign, progress.state, block, nil)
      return (DutyRecord(key: key, progress: progress, signature: signature, detail: nil), true)
    }
  }

  /// Takes in what happened to a duty. What is known already changes nothing.
  ///
  /// - Parameters:
  ///   - event: anything but `sign`, which ``sign(_:content:at:_:)`` does. `send` comes before the bytes leave.
  ///   - block: the chain's height.
  ///   - detail: particulars, for people.
  /// - Throws: ``ProtectionError`` `journal.arrow` for what can't follow, `protection.not-planned`; ``StoreError``.
  @discardableResult
  public func advance(
    _ key: DutyKey, _ event: DutyProgress.Event, at block: UInt64, detail: String? = nil
  ) async throws -> DutyRecord {
    guard event != .sign else { throw ProtectionError(.arrow, "a signature is noted with its bytes only") }
    let detail = detail?.boundedDetail
    return try await step(event.arrow) { database in
      guard let (id, record) = try DutyRows.find(database, key) else {
        throw ProtectionError(.notPlanned, "\(key) is not planned")
      }
      var progress = record.progress
      guard let arrow = try progress.apply(event) else { return (record, false) }
      try DutyRows.update(database, id, progress.state, detail)
      try DutyRows.note(database, id, arrow, progress.state, block, detail)
      return (DutyRecord(key: key, progress: progress, signature: record.signature, detail: detail), true)
    }
  }

  /// - Returns: nil for a duty that was never planned.
  public func duty(_ key: DutyKey) async throws -> DutyRecord? {
    try await store.read { try DutyRows.find($0, key)?.record }
  }

  /// The duties with something left to do, oldest first: where a restart goes on.
  public func unfinished() async throws -> [DutyRecord] {
    try await store.read { database in
      try DutyRows.all(database, "state IN ('planned', 'signed', 'sent', 'included') ORDER BY epoch, id")
    }
  }

  /// All duties of an epoch.
  public func duties(epoch: UInt32) async throws -> [DutyRecord] {
    try await store.read { try DutyRows.all($0, "epoch = ? ORDER BY id", [Int64(epoch)]) }
  }

  /// The steps of a duty in order.
  public func history(_ key: DutyKey) async throws -> [JournalStep] {
    try await store.read { database in
      guard let (id, _) = try DutyRows.find(database, key) else { return [] }
      return try DutyRows.history(database, id)
    }
  }

  private func step(
    _ arrow: DutyProgress.Arrow, _ body: @escaping @Sendable (Database) throws -> (DutyRecord, Bool)
  ) async throws -> DutyRecord {
    watch(arrow, .before)
    let (record, isNew) = try await store.write { database in
      let result = try body(database)
      if result.1 { watch(arrow, .inside) }
      return result
    }
    if isNew { watch(arrow, .after) }
    return record
  }
}
