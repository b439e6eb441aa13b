import ArgumentParser
import Validator

/// Which database a command is about.
struct StoreLocation: ParsableArguments {
  @Option(help: ArgumentHelp("The validator's database.", valueName: "file")) var database: String?
  @Option(help: ArgumentHelp("The daemon's node.data, instead of the database in it.", valueName: "folder"))
  var data: String?

  /// The database's file.
  var path: String { database ?? data.map { "\($0)/node.sqlite" } ?? "validator.sqlite" }

  func validate() throws {
    guard database == nil || data == nil else { throw ValidationError("give one of --database and --data") }
  }

  /// Runs `body` with the database, opened for reading; the daemon may go on beside it.
  func reading<Value>(_ body: (Store) async throws -> Value) async throws -> Value {
    var options = StoreOptions()
    // A report must not wait until a large file was looked through; `db check` does that.
    options.checksPages = false
    return try await ValidatorFailure.translate {
      let store = try Store.openReadOnly(path, options: options)
      defer { try? store.close() }
      return try await body(store)
    }
  }

  /// Runs `body` with the database while no daemon uses it.
  func writing<Value>(_ body: (Store) async throws -> Value) async throws -> Value {
    try await ValidatorFailure.translate {
      let lock = try InstanceLock(database: path)
      defer { lock.unlock() }
      // Nobody who names an old database wants a new one.
      let store = try Store.open(path, creating: false)
      defer { try? store.close() }
      return try await body(store)
    }
  }
}
