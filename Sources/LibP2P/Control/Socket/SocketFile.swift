#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes the file of a UNIX socket: never open to more users than it should be, never in place of something else.
enum SocketFile {
  private static let backlog: Int32 = 128
  private static let lockAttempts = 20
  /// Between two attempts, in microseconds.
  private static let lockPause: UInt32 = 50_000

  /// Makes the file, and a socket that listens behind it.
  ///
  /// - Returns: the socket's descriptor, which is the caller's to close.
  /// - Throws: ``ControlError`` `control.in-use` or `control.listen`.
  static func make(_ path: String, _ access: ControlConfiguration.Access) throws(ControlError) -> Int32 {
    guard path.hasPrefix("/"), var address = unixAddress(path) else {
      throw ControlError(.listen, "\(path.quotedForLog(limit: 160)) is not an absolute path of 107 bytes at most")
    }
    let folder = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    // Two nodes that find the same stale file must not both take it away.
    let lock = try lockFolder(folder.isEmpty ? "/" : folder)
    defer { _ = close(lock) }
    try removeStale(path)
    let descriptor = newSocket()
    guard descriptor >= 0 else { throw failure(path, "a socket can't be made") }
    // The file gets the mode that the socket has when it is bound: at no moment can others open it.
    guard fchmod(descriptor, 0o600) == 0,
      withSocketAddress(&address, { bind(descriptor, $0, $1) }) == 0
    else {
      defer { _ = close(descriptor) }
      throw failure(path, "the path can't be bound")
    }
    let isOpened = access.group.map { chown(path, uid_t.max, $0) == 0 && chmod(path, 0o660) == 0 } ?? true
    guard isOpened, listen(descriptor, backlog) == 0 else {
      defer {
        _ = close(descriptor)
        unlink(path)
      }
      throw failure(path, "the group can't be given, or the socket not listened on")
    }
    return descriptor
  }

  /// Holds the folder for this process, for as long as the descriptor is open.
  private static func lockFolder(_ folder: String) throws(ControlError) -> Int32 {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder, "the folder can't be opened") }
    var entry = stat()
    let isOpenToAll = fstat(descriptor, &entry) != 0 || entry.st_mode & 0o022 != 0 && entry.st_mode & 0o1000 == 0
    guard !isOpenToAll else {
      _ = close(descriptor)
      throw ControlError(.listen, "\(folder) lets other users replace the socket; take their right to write away")
    }
    // Whoever else makes a socket here holds the lock for a moment. Anybody could hold it longer.
    for _ in 0..<lockAttempts {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
      usleep(lockPause)
    }
    _ = close(descriptor)
    throw ControlError(.inUse, "another process keeps \(folder) locked")
  }

  /// Takes a socket away that a node left behind which is gone, and nothing else.
  private static func removeStale(_ path: String) throws(ControlError) {
    var entry = stat()
    guard lstat(path, &entry) == 0 else { return }
    guard entry.st_mode & S_IFMT == S_IFSOCK else { throw ControlError(.listen, "\(path) is there and no socket") }
    guard var address = unixAddress(path) else { return }
    let probe = newSocket()
    guard probe >= 0 else { throw failure(path, "a socket can't be made") }
    defer { _ = close(probe) }
    let isAnswered = withSocketAddress(&address) { connect(probe, $0, $1) } == 0
    guard !isAnswered, errno == ECONNREFUSED else {
      throw ControlError(.inUse, "\(path) is the socket of a process that runs")
    }
    guard unlink(path) == 0 else { throw failure(path, "the stale socket can't be taken away") }
  }

  private static func failure(_ path: String, _ what: String) -> ControlError {
    ControlError(.listen, "\(path): \(what): \(String(cString: strerror(errno)))")
  }

  // MARK: System calls

  private static func newSocket() -> Int32 {
    #if os(Linux)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    return socket(AF_UNIX, kind, 0)
  }

  private static func unixAddress(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let hasRoom = withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard bytes.count < target.count, !bytes.contains(0) else { return false }
      target.copyBytes(from: bytes)
      return true
    }
    return hasRoom ? address : nil
  }

  private static func withSocketAddress(
    _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
