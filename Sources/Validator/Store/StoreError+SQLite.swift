import GRDB

extension StoreError {
  /// What a failure of SQLite means to the caller.
  ///
  /// SQLite's text names tables and columns, never their content.
  init(_ error: DatabaseError, _ path: String) {
    let text = error.message ?? error.resultCode.description
    switch error.extendedResultCode {
    case .SQLITE_READONLY_ROLLBACK, .SQLITE_READONLY_RECOVERY:
      self.init(
        .unreachable, "\(path) was left half written by a process that was killed",
        remedy: "Start the validator, or run `validatord db migrate`; it undoes what was not finished.")
      return
    default: break
    }
    switch error.resultCode {
    case .SQLITE_FULL: self.init(.full, "\(path) can't grow: the disk is full")
    case .SQLITE_READONLY, .SQLITE_PERM: self.init(.readOnly, "\(path) can't be written: \(text)")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: self.init(.damaged, "\(path) is damaged: \(text)")
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: self.init(.busy, "\(path) is locked")
    case .SQLITE_CANTOPEN, .SQLITE_AUTH: self.init(.unreachable, "\(path) can't be opened: \(text)")
    case .SQLITE_IOERR, .SQLITE_NOMEM: self.init(.disk, "\(path) can't be read or written: \(text)")
    case .SQLITE_CONSTRAINT: self.init(.conflict, "\(path) does not take this: \(text)")
    case .SQLITE_TOOBIG: self.init(.tooLarge, "\(path) does not take so much at once")
    default: self.init(.failed, "\(path): \(text)")
    }
  }

  /// Runs `body`; errors of SQLite come out as ``StoreError``, others as they are.
  static func translate<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StoreError(error, path)
    } catch is RowDecodingError {
      throw StoreError(.damaged, "\(path) holds a value of another kind than its column's")
    }
  }

  /// As ``translate(_:_:)``, for what waits.
  static func translate<Value: Sendable>(
    _ path: String, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as DatabaseError {
      throw StoreError(error, path)
    } catch is RowDecodingError {
      throw StoreError(.damaged, "\(path) holds a value of another kind than its column's")
    }
  }
}
