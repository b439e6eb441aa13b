import Protocols
import ServiceLifecycle

/// The HTTP servers behind a daemon's routes file, as the peers of its subnet reach them.
struct ApiService: Service {
  /// How long calls may go on when the daemon ends.
  private static let drainTime = Duration.seconds(2)

  private let api: ApiProtocol

  /// Serves from now on.
  ///
  /// - Throws: ``RoutesFileError`` for a file that can't be used at all: what is broken at the start would only be
  ///   noticed by callers.
  init(_ routes: String, _ settings: ApiSettings, of node: DaemonNode) throws {
    _ = try RouteTable(contentsOf: routes)
    var configuration = ApiProtocolConfig(configFile: routes)
    configuration.limits.exceedsWindows = settings.exceedsWindows
    api = node.peers.api(configuration)
    node.health.add("api") { [api] in
      let status = api.status
      let detail =
        "\(status.routes) \(status.routes == 1 ? "route" : "routes"), \(status.callsUnderWay) calls under way"
      return status.fault.map { .impaired("\(detail); \($0.message)") } ?? .well(detail)
    }
  }

  func run() async throws {
    try? await gracefulShutdown()
    await api.stop(within: Self.drainTime)
  }
}
