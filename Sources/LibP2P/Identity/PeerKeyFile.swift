import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads and writes the unencrypted key files of the Python stacks.
///
/// The file's mode is its only protection, so it is checked on the opened file itself: one that others can
/// read is refused, and so is anything that is not a plain file.
public enum PeerKeyFile {
  /// The mode of files written.
  private static let mode: mode_t = 0o600

  /// Reads the identity in `path`.
  ///
  /// - Throws: ``PeerKeyFileError`` if the file can't be opened, is a symbolic link, is not a plain file, is open to
  ///   group or others, belongs to another user or is too large; ``KeyError`` for what it holds.
  public static func read(_ path: String) throws -> PrivateKey {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw PeerKeyFileError.failed("open", path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw PeerKeyFileError.failed("inspect", path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PeerKeyFileError(.notAFile, "\(path) is not a plain file")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw PeerKeyFileError(.permissions, "\(path) has mode \(mode), which opens it to other users")
    }
    guard status.st_uid == geteuid() || geteuid() == 0 else {
      throw PeerKeyFileError(.permissions, "\(path) belongs to user \(status.st_uid)")
    }
    guard let bytes = LibP2P.read(upTo: PrivateKey.maximumEncodedLength + 1, from: descriptor) else {
      throw PeerKeyFileError.failed("read", path, errno)
    }
    guard bytes.count <= PrivateKey.maximumEncodedLength else {
      throw PeerKeyFileError(.tooLarge, "\(path) is larger than any key")
    }
    return try PrivateKey(protobuf: bytes)
  }

  /// Writes `key` to a new file of mode 0600 and waits until the disk has it.
  ///
  /// - Throws: ``PeerKeyFileError``: `peer-key-file.exists` if there is one already, which is never overwritten.
  public static func write(_ key: PrivateKey, to path: String, dialect: PrivateKey.Dialect)
    throws(PeerKeyFileError)
  {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw PeerKeyFileError.failed("create", path, errno) }
    defer { close(descriptor) }
    guard LibP2P.write(key.protobuf(for: dialect), to: descriptor), fsync(descriptor) == 0 else {
      let failure = PeerKeyFileError.failed("write", path, errno)
      // Half a key file would keep the next attempt from writing a whole one.
      unlink(path)
      throw failure
    }
  }
}

/// Writes all of `bytes`; false leaves the reason in `errno`.
private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 || errno == EINTR else { return false }
    rest = rest.dropFirst(max(count, 0))
  }
  return true
}

/// Reads to the end or up to `limit` bytes; nil leaves the reason in `errno`.
private func read(upTo limit: Int, from descriptor: Int32) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: limit)
  var filled = 0
  while filled < limit {
    let count = bytes[filled...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count == 0 { break }
    guard count > 0 || errno == EINTR else { return nil }
    filled += max(count, 0)
  }
  return Array(bytes.prefix(filled))
}
