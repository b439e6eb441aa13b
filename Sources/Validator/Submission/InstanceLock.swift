import Foundation
private import Synchronization

/// Keeps a second process away from a database or a key. The system lets go of it when the process ends, however it
/// does.
///
/// The lock is advisory and of one machine: on a network share it may not hold, which is what the bounds are for.
public final class InstanceLock: Sendable {
  private let file: Mutex<Int32?>

  /// Locks a file that exists, such as a key file; its content is not read.
  ///
  /// - Throws: ``StoreError``: `store.locked` if another process has it, `missing`, `unreachable`, `mode` for a symbolic
  ///   link.
  public convenience init(locking path: String) throws {
    try self.init(path, flags: O_RDONLY)
  }

  /// Locks the database at `path` by a file beside it, which stays.
  public convenience init(database path: String) throws {
    try self.init(path + ".lock", flags: O_RDWR | O_CREAT)
  }

  private init(_ path: String, flags: Int32) throws {
    let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw StoreFile.failure(path, errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      close(descriptor)
      if number == EWOULDBLOCK { throw StoreError(.locked, "another process holds \(path)") }
      throw StoreFile.failure(path, number)
    }
    file = Mutex(descriptor)
  }

  /// Lets others in.
  public func unlock() {
    file.withLock { file in
      if let descriptor = file { close(descriptor) }
      file = nil
    }
  }

  deinit { unlock() }
}
