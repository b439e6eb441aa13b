import Foundation
import Logging
import Metrics

/// What a daemon sets up once for its process: where logs go, who keeps metrics, how many descriptors it may have.
enum DaemonProcess {
  /// Comes before anything else of the daemon, since loggers and metrics that were made earlier go nowhere.
  static func prepare(_ node: NodeSettings) {
    ProcessFigures.begin()
    let (level, format) = (node.logLevel, node.logFormat)
    LoggingSystem.bootstrap { label in
      var handler: any LogHandler =
        switch format {
        case .text: StreamLogHandler.standardError(label: label)
        case .json: JSONLogHandler(label: label)
        }
      handler.logLevel = level
      return handler
    }
    MetricsSystem.bootstrap(MetricsRegistry.shared)
    signal(SIGPIPE, SIG_IGN)
    raiseDescriptorLimit()
  }

  /// Each peer costs a descriptor; many systems grant 1024 and allow more to those who ask.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    _ = setrlimit(resource, &limit)
  }
}
