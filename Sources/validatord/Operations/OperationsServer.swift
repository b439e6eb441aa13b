import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Substrate
import Synchronization

/// What operators and their tools ask a daemon over HTTP: `/livez`, `/readyz`, `/healthz` and `/metrics`.
///
/// It shows no secret and changes nothing. On a loopback address it answers only those who call it by one, so that no
/// web page can read it by a name of its own.
final class OperationsServer: Service {
  private let address: SocketAddress
  private let health: HealthBoard
  private let metrics: MetricsRegistry
  private let role: String
  private let logger: Logger
  private let bound = Awaited<SocketAddress>()

  /// - Parameters:
  ///   - address: where to listen; port 0 takes any free one.
  ///   - role: what the daemon is, for the metrics.
  init(_ address: SocketAddress, health: HealthBoard, metrics: MetricsRegistry, role: String, logger: Logger) {
    self.address = address
    self.health = health
    self.metrics = metrics
    self.role = role
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    self.logger = quiet
  }

  /// Where it listens, as a URL; waits until it does.
  ///
  /// - Throws: `CancellationError`, or why it can't listen.
  func url() async throws -> String {
    let address = try await bound.value()
    let host = address.protocol == .inet6 ? "[\(address.ipAddress ?? "")]" : address.ipAddress ?? ""
    return "http://\(host):\(address.port ?? 0)"
  }

  /// Serves until the service group shuts down.
  ///
  /// - Throws: ``CommandError`` `operations.listen`.
  func run() async throws {
    let application = Application(
      router: router,
      configuration: ApplicationConfiguration(
        address: .hostname(address.ipAddress ?? "127.0.0.1", port: address.port ?? 0), serverName: "validatord"),
      onServerRunning: { [bound] channel in
        if let address = channel.localAddress { bound.resolve(.success(address)) }
      },
      logger: logger)
    do {
      try await application.run()
    } catch let error as CancellationError {
      bound.resolve(.failure(error))
      throw error
    } catch {
      let failure = CommandError(
        "operations.listen", "operations can't be served at \(address.ipAddress ?? ""):\(address.port ?? 0): \(error)",
        remedy: "Set operations.listen to a free address.", status: .unavailable)
      bound.resolve(.failure(failure))
      throw failure
    }
  }

  private var router: Router<BasicRequestContext> {
    let router = Router()
    if isLoopback { router.add(middleware: LoopbackHosts()) }
    router.get("livez") { _, _ in Self.response(.ok, "{\"status\": \"ok\"}") }
    router.get("readyz") { [health] _, _ in Self.response(health.report, isGood: \.isReady) }
    router.get("healthz") { [health] _, _ in Self.response(health.report, isGood: \.isWell) }
    router.get("metrics") { [self] _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: metricsText)))
    }
    return router
  }

  private var metricsText: String {
    let parts = health.report.map { name, health in
      (name: "validatord_part_ready", labels: [("part", name)], value: health.isReady ? 1.0 : 0.0)
    }
    let build = (
      name: "validatord_build_info", labels: [("version", Validatord.version), ("role", role)], value: 1.0
    )
    return metrics.text(with: [build] + parts + ProcessFigures.lines)
  }

  private var isLoopback: Bool {
    address.ipAddress.map { $0.hasPrefix("127.") || $0 == "::1" } ?? false
  }

  private static func response(
    _ report: [(name: String, health: PartHealth)], isGood: (PartHealth) -> Bool
  ) -> Response {
    let isAllGood = report.allSatisfy { isGood($0.health) }
    return response(
      isAllGood ? .ok : .serviceUnavailable, HealthBoard.json(report, isGood: isAllGood).description)
  }

  private static func response(_ status: HTTPResponse.Status, _ json: String) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: json + "\n")))
  }
}

/// Answers only requests that name this machine by an address of its own.
private struct LoopbackHosts<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let authority = (request.head.authority ?? "").lowercased()
    let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map(authority.index(after:)) : nil
    let name = authority[..<(end ?? authority.lastIndex(of: ":") ?? authority.endIndex)]
    let digits = name.split(separator: ".", omittingEmptySubsequences: false)
    let isAddress = digits.count == 4 && digits[0] == "127" && digits.allSatisfy { UInt8($0) != nil }
    guard isAddress || name == "localhost" || name == "[::1]" else { throw HTTPError(.misdirectedRequest) }
    return try await next(request, context)
  }
}
