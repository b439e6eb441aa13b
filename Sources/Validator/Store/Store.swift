import GRDB

/// The validator's database: evidence, scores, and what was signed.
///
/// One SQLite file, described in docs/store.md. One process writes; any number read beside it and never wait for it.
/// A write that has returned survives a loss of power.
public final class Store: Sendable {
  /// `vald` in ASCII, by which SQLite's header tells the file's program.
  static let applicationID: Int32 = 0x7661_6c64

  public let path: String
  private let writer: DatabasePool?
  private let reader: any DatabaseReader

  init(path: String, writer: DatabasePool) {
    self.path = path
    self.writer = writer
    reader = writer
  }

  init(path: String, reader: DatabaseQueue) {
    self.path = path
    writer = nil
    self.reader = reader
  }

  /// Whether it was opened for reading only.
  public var isReadOnly: Bool { writer == nil }

  /// Ends all work and closes the file. Whatever is asked afterwards fails.
  public func close() throws { try StoreError.translate(path) { try reader.close() } }

  /// Reads one state of the database, whatever is written meanwhile.
  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await StoreError.translate(path) { try await reader.read(body) }
  }

  /// Runs `body` in a transaction that takes effect as a whole, or not at all if it throws.
  ///
  /// - Throws: ``StoreError``, `newer` among them if another program has changed the schema since it was opened.
  func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    let writer = try demandWriter()
    return try await StoreError.translate(path) { [path] in
      try await writer.write { database in
        // In the transaction, so that nobody can change it between this and what follows.
        try Migrator.demandCurrent(database, path)
        return try body(database)
      }
    }
  }

  /// Runs `body` alone, without a transaction and whatever the schema: to tidy up, not to write rows.
  func writeOutsideTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    let writer = try demandWriter()
    return try await StoreError.translate(path) { try await writer.writeWithoutTransaction(body) }
  }

  /// The connections, for the backup.
  var connections: any DatabaseReader { reader }

  private func demandWriter() throws -> DatabasePool {
    guard let writer else { throw StoreError(.readOnly, "\(path) was opened for reading only") }
    return writer
  }
}
