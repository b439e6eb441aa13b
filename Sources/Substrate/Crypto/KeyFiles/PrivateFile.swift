import Foundation

/// Small files that only their owner may access.
enum PrivateFile {
  /// The most bytes that are read; key files of every form have less than 2 KiB.
  static let maximumSize = 16 * 1024

  /// Group, others, execution and the set-id and sticky bits: none may be set. 0400 is fine, too.
  private static let forbiddenMode: mode_t = 0o7177

  /// The whole file at `path`.
  ///
  /// All checks are of the opened descriptor, so that nothing can be exchanged between check and use.
  static func read(_ path: String) throws -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let file = try open(path, O_RDONLY | O_NONBLOCK, 0) { error in
      switch error {
      case ENOENT, ENOTDIR: KeyFileError(.missing, path, "does not exist")
      case ELOOP: KeyFileError(.symbolicLink, path, "is a symbolic link")
      case ENXIO: KeyFileError(.kind, path, "is not a regular file")
      default: KeyFileError(.unreadable, path, "cannot be opened: \(reason(error))")
      }
    }
    defer { close(file) }
    try check(file, path)
    var bytes = [UInt8](repeating: 0, count: maximumSize + 1)
    defer { bytes.wipe() }
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        Foundation.read(file, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      if got == 0 { return Array(bytes[..<count]) }
      if got > 0 { count += got }
      guard got > 0 || errno == EINTR else {
        throw KeyFileError(.unreadable, path, "cannot be read: \(reason(errno))")
      }
    }
    throw tooLarge(path)
  }

  private static func check(_ file: Int32, _ path: String) throws {
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw KeyFileError(.unreadable, path, "cannot be examined: \(reason(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw KeyFileError(.kind, path, "is not a regular file")
    }
    guard status.st_uid == geteuid() else {
      throw KeyFileError(.owner, path, "belongs to user \(status.st_uid), not to user \(geteuid())")
    }
    guard status.st_mode & forbiddenMode == 0 else {
      let mode = String(status.st_mode & 0o7777, radix: 8)
      throw KeyFileError(.mode, path, "has mode \(mode), so that others than its owner may use it")
    }
    guard status.st_size <= maximumSize else { throw tooLarge(path) }
  }

  /// Puts a new file with `contents` at `path`, whole and on disk, unless something is there.
  ///
  /// The contents go to a temporary file in the same directory first. `link` then makes it appear
  /// under its name in one step and, unlike `rename`, fails if the name is taken.
  static func create(_ path: String, contents: [UInt8]) throws {
    // To the system such a path would end at the zero byte.
    guard !path.utf8.contains(0) else { throw unwritable(path, EINVAL) }
    let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "./"
    let folder = try open(directory, O_RDONLY | O_DIRECTORY, 0) { unwritable(path, $0) }
    defer { close(folder) }
    let random = UInt64.random(in: .min ... .max)
    let temporary = "\(directory).validatord-\(String(random, radix: 16)).tmp"
    do {
      let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600) { unwritable(path, $0) }
      defer { close(file) }
      defer { unlink(temporary) }
      // The umask may have taken rights away from the owner.
      guard fchmod(file, 0o600) == 0 else { throw unwritable(path, errno) }
      try write(contents, to: file, path)
      guard fsync(file) == 0 else { throw unwritable(path, errno) }
      guard link(temporary, path) == 0 else {
        throw errno == EEXIST ? KeyFileError(.exists, path, "exists already") : unwritable(path, errno)
      }
    }
    guard fsync(folder) == 0 else { throw unwritable(path, errno) }
  }

  private static func write(_ contents: [UInt8], to file: Int32, _ path: String) throws {
    var count = 0
    while count < contents.count {
      let put = contents.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      if put > 0 { count += put }
      guard put > 0 || errno == EINTR else { throw unwritable(path, errno) }
    }
  }

  /// Opens without following a link at the end of the path and without leaving it to child processes.
  private static func open(
    _ path: String, _ flags: Int32, _ mode: mode_t, failure: (Int32) -> KeyFileError
  ) throws -> Int32 {
    guard !path.utf8.contains(0) else { throw failure(EINVAL) }
    let file = Foundation.open(path, flags | O_NOFOLLOW | O_CLOEXEC, mode)
    guard file >= 0 else { throw failure(errno) }
    return file
  }

  private static func tooLarge(_ path: String) -> KeyFileError {
    KeyFileError(.size, path, "is larger than \(maximumSize) bytes")
  }

  private static func unwritable(_ path: String, _ error: Int32) -> KeyFileError {
    KeyFileError(.unwritable, path, "cannot be written: \(reason(error))")
  }

  private static func reason(_ error: Int32) -> String {
    String(cString: strerror(error))
  }
}
