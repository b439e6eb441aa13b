import Foundation

/// The database's file and folder, before SQLite sees them.
enum StoreFile {
  /// Makes an empty file that only its owner may use, unless there is one.
  ///
  /// An empty file is an empty database, so a process killed right after this leaves nothing that the next could
  /// stumble over.
  static func create(_ path: String) throws {
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if file < 0 {
      guard errno == EEXIST else { throw failure(path, errno) }
      return
    }
    defer { close(file) }
    // The umask may have taken rights away from the owner.
    guard fchmod(file, 0o600) == 0, fsync(file) == 0 else { throw failure(path, errno) }
    try synchronizeFolder(of: path)
  }

  /// Demands a regular file in a folder, both of which nobody else may change.
  static func check(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw failure(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw StoreError(.mode, "\(path) is not a regular file; symbolic links are not followed")
    }
    guard status.st_uid == geteuid() || geteuid() == 0 else {
      throw StoreError(.mode, "\(path) belongs to user \(status.st_uid), not to user \(geteuid())")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o7777, radix: 8)
      throw StoreError(
        .mode, "\(path) has mode \(mode), so that others than its owner may use it", remedy: "chmod 600 '\(path)'")
    }
    if status.st_size > 0 { try checkHeader(path) }
    let folder = folder(of: path)
    guard stat(folder, &status) == 0 else { throw failure(folder, errno) }
    // In a sticky folder such as /tmp nobody can exchange another's file.
    guard status.st_mode & 0o022 == 0 || status.st_mode & S_ISVTX != 0 else {
      throw StoreError(
        .mode, "others may exchange the files in \(folder)", remedy: "chmod 700 '\(folder)'")
    }
  }

  /// Demands a file that begins as every database does.
  ///
  /// SQLite takes one that is shorter than a page for an empty database, and would begin anew in it.
  private static func checkHeader(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure(path, errno) }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 512)
    let count = read(file, &header, header.count)
    guard count >= 0 else { throw failure(path, errno) }
    guard count == header.count, header.starts(with: Array("SQLite format 3".utf8) + [0]) else {
      throw StoreError(.damaged, "\(path) does not begin as a database does")
    }
  }

  /// Puts a finished file in the place of another, in one step that survives a loss of power.
  static func replace(_ path: String, with temporary: String) throws {
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(temporary, errno) }
    let isSynchronized = fsync(file) == 0
    close(file)
    guard isSynchronized, rename(temporary, path) == 0 else { throw failure(path, errno) }
    try synchronizeFolder(of: path)
  }

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// In bytes; nil for none.
  static func size(_ path: String) -> Int64? {
    var status = stat()
    return lstat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func synchronizeFolder(of path: String) throws {
    let folder = folder(of: path)
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder, errno) }
  }

  static func failure(_ path: String, _ number: Int32) -> StoreError {
    let reason = String(cString: strerror(number))
    return switch number {
    case ENOENT, ENOTDIR: StoreError(.missing, "\(path) is not there")
    case ELOOP: StoreError(.mode, "\(path) is a symbolic link")
    case ENOSPC, EDQUOT: StoreError(.full, "\(path) can't be written: \(reason)")
    case EROFS: StoreError(.readOnly, "\(path) can't be written: \(reason)")
    case EIO: StoreError(.disk, "\(path) can't be read or written: \(reason)")
    default: StoreError(.unreachable, "\(path) can't be opened: \(reason)")
    }
  }
}
