import Foundation

/// A file of a model, read front to back into memory of our own.
///
/// Models are not mapped. A mapped file that another process truncates ends this one with SIGBUS, and one that is
/// overwritten changes the answers while the node vouches for the old hash. Mapping would not save memory either:
/// the weights are widened and transposed as they are loaded. So each byte is read once, hashed, and never again
/// looked at in the file.
struct ModelFile: ~Copyable {
  let path: String
  /// Its length in bytes when it was opened.
  let size: Int
  private let descriptor: Int32

  /// - Throws: ``ModelError`` for what is absent, unreadable, no plain file, or longer than `maximumSize`.
  init(_ path: String, maximumSize: Int) throws(ModelError) {
    // Not blocking, so that a pipe in the file's place can't hold us. Links are followed: model caches are made of them.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ModelError(errno == ENOENT ? .notFound : .unreadable, "can't open \(path): \(Self.reason)")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ModelError(.unreadable, "\(path) is not a plain file")
    }
    guard status.st_size <= maximumSize else {
      close(descriptor)
      throw ModelError(.tooLarge, "\(path) has \(status.st_size) bytes, more than \(maximumSize)")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The next `count` bytes.
  ///
  /// - Throws: ``ModelError`` `model.truncated` if the file has become shorter than it was.
  func read(_ count: Int) throws(ModelError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try read(count, into: &bytes)
    return bytes
  }

  /// The next `count` bytes, into the front of `bytes`, which must have room for them.
  func read(_ count: Int, into bytes: inout [UInt8]) throws(ModelError) {
    var filled = 0
    while filled < count {
      let taken = bytes.withUnsafeMutableBytes {
        Foundation.read(descriptor, $0.baseAddress.map { $0 + filled }, count - filled)
      }
      guard taken != 0 else { throw ModelError(.truncated, "\(path) ends before what it promises") }
      guard taken > 0 || errno == EINTR else { throw ModelError(.unreadable, "can't read \(path): \(Self.reason)") }
      filled += max(taken, 0)
    }
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
