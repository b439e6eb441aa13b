import ArgumentParser
import Validator

/// Which database a command is about.
struct StoreLocation: ParsableArguments {
  @Option(name: .customLong("database"), help: ArgumentHelp("The validator's database.", valueName: "file"))
  var path = "validator.sqlite"

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
