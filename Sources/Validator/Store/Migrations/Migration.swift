import Crypto

/// One numbered change of the schema, as `migrations/NNNN_name.sql` has it.
struct Migration: Sendable, Hashable {
  /// Counted from 1, without gaps.
  let number: Int
  let name: String
  let sql: String

  /// SHA-256 of the SQL, so that a database tells whether its schema is the one that this build expects.
  var checksum: [UInt8] { Array(SHA256.hash(data: Array(sql.utf8))) }
}

/// Which migrations a database has.
public struct MigrationStatus: Sendable, Hashable {
  public struct Step: Sendable, Hashable {
    public let number: Int
    public let name: String
    /// In lower-case hex digits.
    public let checksum: String
    /// Milliseconds since 1970; nil for one that is pending.
    public let appliedAt: Int64?
  }

  public let applied: [Step]
  public let pending: [Step]
}
