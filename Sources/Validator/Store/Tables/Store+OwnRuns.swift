import GRDB

/// How a hoster's own run of an epoch ended.
public struct OwnRunRecord: Sendable, Hashable {
  public enum Outcome: Sendable, Hashable {
    /// Its answer is kept, and the promise to it.
    case kept
    /// There is no answer, with the reason: one of docs/hoster.md.
    case missed(String)
  }

  public let epoch: UInt32
  public let outcome: Outcome
  /// The best block when it ended.
  public let block: UInt64

  public init(epoch: UInt32, outcome: Outcome, block: UInt64) {
    self.epoch = epoch
    self.outcome = outcome
    self.block = block
  }
}

extension Store {
  /// Keeps how an own run ended; the first word of an epoch counts.
  public func record(_ run: OwnRunRecord) async throws {
    var reason: String?
    if case .missed(let why) = run.outcome { reason = why }
    try await write { [reason] database in
      try database.run(
        "INSERT INTO own_runs (epoch, outcome, reason, block) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [Int64(run.epoch), reason == nil ? "kept" : "missed", reason, column(run.block)])
    }
  }

  /// How the own run of an epoch ended; nil if it did not, or is not known.
  ///
  /// - Parameter epoch: nil for the newest that is known.
  public func ownRun(_ epoch: UInt32?) async throws -> OwnRunRecord? {
    try await read { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM own_runs WHERE epoch = coalesce(?, (SELECT max(epoch) FROM own_runs))",
        arguments: [epoch.map { Int64($0) }])
      return try row.map {
        OwnRunRecord(
          epoch: try $0.number("epoch"), outcome: try $0.textIfAny("reason").map { .missed($0) } ?? .kept,
          block: try $0.number("block"))
      }
    }
  }
}
