import Foundation
import Logging

/// Sees to it that a daemon that was told to end does.
enum DaemonShutdown {
  /// How long the end may take.
  static let limit = Duration.seconds(20)

  /// Called when the end begins: from here on a second SIGTERM or SIGINT ends the process at once, and a part that
  /// hangs ends it after ``limit``.
  static func begin(_ logger: Logger) {
    for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    logger.notice("stopping; a second signal stops at once")
    // A thread of its own: what hangs may be all others.
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: limit / .seconds(1))
      FileHandle.standardError.write(
        Data("error: the daemon did not end within \(limit.components.seconds) s [daemon.shutdown]\n".utf8))
      _exit(Failure.Status.wedged.rawValue)
    }
  }
}
