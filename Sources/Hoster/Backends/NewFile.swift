import Foundation

/// A file that is being made. Unless it is finished it does not stay.
struct NewFile: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var isFinished = false

  /// - Throws: ``ModelError`` `model.exists` if there is one already, which is never overwritten.
  init(_ path: String) throws(ModelError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure("create", path) }
    self.path = path
  }

  deinit {
    close(descriptor)
    if !isFinished { unlink(path) }
  }

  func write(_ bytes: [UInt8]) throws(ModelError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      guard count > 0 || errno == EINTR else { throw Self.failure("write", path) }
      written += max(count, 0)
    }
  }

  /// Waits until the disk has the file, and keeps it.
  consuming func finish() throws(ModelError) {
    guard fsync(descriptor) == 0 else { throw Self.failure("write", path) }
    isFinished = true
  }

  private static func failure(_ action: String, _ path: String) -> ModelError {
    ModelError(errno == EEXIST ? .exists : .unwritable, "can't \(action) \(path): \(String(cString: strerror(errno)))")
  }
}
