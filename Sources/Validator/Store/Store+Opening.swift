import GRDB

extension Store {
  /// Opens the database of a validator for writing; makes it, or brings it up to date, if need be.
  ///
  /// A process killed at any moment leaves a database that the next call opens and completes.
  ///
  /// - Parameter creating: whether to make one if there is none.
  /// - Throws: ``StoreError``: `missing`, also for a folder that is not there; `mode`, `newer`, `damaged`, `foreign`,
  ///   `migration`, `full`, `read-only`.
  public static func open(
    _ path: String, creating: Bool = true, options: StoreOptions = StoreOptions()
  ) throws -> Store {
    if creating { try StoreFile.create(path) }
    try StoreFile.check(path)
    return try StoreError.translate(path) {
      // A pool changes the file when it opens it; whether it may is found out before.
      _ = try inspect(path, options, recovering: true) { try Migrator.check($0, path) }
      let pool = try DatabasePool(path: path, configuration: configuration(options))
      try pool.writeWithoutTransaction { database in
        // GRDB chooses NORMAL for a write-ahead log, which a loss of power can cost the last transactions.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        try Migrator.migrate(database, path)
      }
      return Store(path: path, writer: pool)
    }
  }

  /// Opens an existing database for reading, also beside the running daemon.
  ///
  /// - Throws: ``StoreError``: `missing`, `mode`, `newer`, `older`, `damaged`, `foreign`, `migration`.
  public static func openReadOnly(_ path: String, options: StoreOptions = StoreOptions()) throws -> Store {
    try StoreFile.check(path)
    return try StoreError.translate(path) {
      let queue = try DatabaseQueue(path: path, configuration: readOnly(options))
      do {
        try queue.read { database in
          let status = try Migrator.check(database, path)
          guard status.pending.isEmpty else {
            throw StoreError(.older, "\(path) lacks \(status.pending.count) of the migrations of this version")
          }
        }
      } catch {
        try? queue.close()
        throw error
      }
      return Store(path: path, reader: queue)
    }
  }

  /// Looks into a database without changing it, whatever its version.
  ///
  /// - Parameter recovering: whether a transaction that a killed process left half written may be undone first, which
  ///   SQLite does for those only who may write.
  static func inspect<Value>(
    _ path: String, _ options: StoreOptions, recovering: Bool = false, _ body: (Database) throws -> Value
  ) throws -> Value {
    let queue = try DatabaseQueue(
      path: path, configuration: recovering ? configuration(options) : readOnly(options))
    defer { try? queue.close() }
    return try queue.read { database in
      if options.checksPages { try StoreCheck.quick(database, path) }
      return try body(database)
    }
  }

  static func configuration(_ options: StoreOptions) -> Configuration {
    var configuration = Configuration()
    configuration.label = "store"
    configuration.foreignKeysEnabled = true
    let timeout = options.busyTimeout.components
    configuration.busyMode = .timeout(Double(timeout.seconds) + Double(timeout.attoseconds) / 1e18)
    configuration.maximumReaderCount = max(1, options.readers)
    configuration.prepareDatabase { database in
      // A hostile file must not make the schema run functions; salts are overwritten when they are deleted.
      try database.execute(
        sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON")
    }
    return configuration
  }

  private static func readOnly(_ options: StoreOptions) -> Configuration {
    var configuration = configuration(options)
    configuration.readonly = true
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
    return configuration
  }
}
