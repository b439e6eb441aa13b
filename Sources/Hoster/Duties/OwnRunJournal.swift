/// Where a hoster's own answers are kept: the seam to the node's database.
public protocol OwnRunJournal: Sendable {
  /// Whether the answer of an epoch is kept.
  func isKept(_ epoch: UInt32) async throws -> Bool

  /// Keeps why an epoch has no answer, for those who look back.
  ///
  /// - Parameter block: the newest one.
  func note(_ miss: OwnRunMiss, epoch: UInt32, block: UInt64) async throws

  /// Keeps an answer with a salt, so that the promise to it can be published and opened later, also after a restart.
  /// Returns once a loss of power can't take it away.
  ///
  /// - Parameter block: the newest one.
  func keep(_ tokens: [Int32], epoch: UInt32, subnetNodeID: UInt32, block: UInt64) async throws
}
