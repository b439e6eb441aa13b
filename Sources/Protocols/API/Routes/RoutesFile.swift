internal import Foundation
internal import LibP2P
internal import Logging
internal import Synchronization

/// A routes file that is watched: what it says counts within a second, and its last good version stays while it is
/// broken.
final class RoutesFile: Sendable {
  /// Time between looks at the file.
  static let interval = Duration.milliseconds(250)

  private let path: String
  private let logger: Logger
  /// Held while the file is read, so that calls never wait for that.
  private let reload: Mutex<RoutesReload>
  private let served = Mutex(Served())

  private struct Served {
    var table = RouteTable()
    /// Why the file as it is now is not served.
    var fault: RoutesFileError?
  }

  /// Reads the file for the first time. One that is missing or broken is none yet.
  init(_ path: String, logger: Logger) {
    self.path = path
    self.logger = logger
    reload = Mutex(RoutesReload(folder: Self.folder(of: path)))
    if Self.stamp(of: path) == nil {
      logger.warning("there is no routes file \(path) yet")
      served.withLock { $0.fault = RoutesFileError(.unreadable, "there is no routes file \(path) yet") }
    }
    look()
  }

  subscript(name: String) -> ServedRoute? { served.withLock { $0.table.routes[name] } }

  /// The names of its routes, and why a newer version of it is not served.
  var status: (names: Set<String>, fault: RoutesFileError?) {
    served.withLock { (Set($0.table.routes.keys), $0.fault) }
  }

  /// Takes one look.
  func look() {
    reload.withLock { reload in
      switch reload.look(Self.stamp(of: path)) {
      case .nothing: break
      case .withdraw:
        logger.warning("the routes file \(path) is gone; its routes are withdrawn")
        served.withLock {
          $0 = Served(fault: RoutesFileError(.unreadable, "the routes file \(path) is gone"))
        }
      case .read:
        switch reload.loaded(Self.read(path)) {
        case .unchanged: break
        case .keep(let error):
          logger.warning("\(path) is not taken over: \(error)")
          served.withLock { $0.fault = error }
        case .use(let new):
          served.withLock { $0 = Served(table: new) }
          report(new)
        }
      }
    }
  }

  private func report(_ table: RouteTable) {
    logger.info("\(path) has \(table.routes.count) routes")
    for finding in table.findings { logger.warning("\(path): \(finding)") }
  }

  /// The whole file.
  static func read(_ path: String) -> Result<[UInt8], RoutesFileError> {
    guard stamp(of: path) != nil, let file = FileHandle(forReadingAtPath: path),
      let text = try? file.read(upToCount: RouteTable.maximumFileSize + 1) ?? Data()
    else { return .failure(RoutesFileError(.unreadable, "\(path) can't be read as a plain file")) }
    return .success([UInt8](text))
  }

  /// Where relative paths in the file begin.
  static func folder(of path: String) -> String { URL(filePath: path).deletingLastPathComponent().path }

  /// Nil unless there is a plain file; a pipe could be waited for forever.
  private static func stamp(of path: String) -> RoutesReload.Stamp? {
    var status = Foundation.stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return RoutesReload.Stamp(status)
  }
}

extension RoutesReload.Stamp {
  fileprivate init(_ status: stat) {
    #if canImport(Darwin)
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #endif
    self.init(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Timestamp(seconds: modified.tv_sec, nanoseconds: modified.tv_nsec),
      changed: Timestamp(seconds: changed.tv_sec, nanoseconds: changed.tv_nsec))
  }
}

extension RouteFinding: CustomStringConvertible {
  /// One line, for logs.
  public var description: String { "route \(route.quotedForLog()): \(message) [\(code.rawValue)]" }
}
