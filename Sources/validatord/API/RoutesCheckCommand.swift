import ArgumentParser
import Protocols
import Substrate

struct RoutesCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Explains every route of a file, and what is wrong with it.",
    discussion: "Ends with 78 if the file or one of its routes can't be used. Warnings alone end with 0.")

  @Argument(help: ArgumentHelp("The routes file.", valueName: "file")) var file: String
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let table = try await P2PFailure.translate { try RouteTable(contentsOf: file) }
    let routes = table.routes.values.sorted { $0.name < $1.name }
    switch format {
    case .table:
      for route in routes {
        Report.write(text: route.name.debugDescription)
        Report.write(rows: Self.explanation(of: route.configuration).map { ("  " + $0.0, $0.1) })
      }
      for finding in table.findings { Report.write(text: "\(finding.severity.rawValue): \(finding)") }
    case .json: Report.write(Self.json(routes, table.findings))
    }
    let errors = table.findings.filter { $0.severity == .error }.count
    guard errors == 0 else {
      throw CommandError(
        "routes.errors", "\(errors) of the routes can't be used", remedy: "Correct them; the others are served.",
        status: .configuration)
    }
  }

  /// What holds for a route, with the node's limits where it sets none.
  private static func explanation(of route: ApiRoute) -> [(String, String)] {
    let limits = ApiLimits()
    func seconds(_ time: Duration) -> String { "\(time / .seconds(1)) s" }
    func calls(_ limit: Int?) -> String { limit.map { "\($0)" } ?? "any number" }
    var rows = [
      ("server", route.url), ("streams", route.stream ? "yes" : "no"),
      ("methods", (route.allowedMethods ?? limits.allowedMethods).joined(separator: ", ")),
      ("headers", (route.allowedHeaders ?? limits.allowedHeaders).joined(separator: ", ")),
      ("request", "up to \(route.maximumRequest ?? limits.maximumRequest) bytes"),
      ("answer", "up to \(route.maximumResponse ?? limits.maximumResponse) bytes"),
      (
        "time",
        "\(seconds(route.timeout ?? limits.timeout)) of silence, \(seconds(route.deadline ?? limits.deadline)) in all"
      ),
      ("calls", "\(calls(route.concurrency)) at a time, \(calls(route.peerConcurrency)) of one peer"),
      ("rate", "\(calls(route.perMinute)) in a minute, \(calls(route.perMinuteOfPeer)) of one peer"),
      ("callers", "nodes of class \(route.minimumClass.rawValue) or above"),
    ]
    if !route.responseHeaders.isEmpty { rows.append(("shows", route.responseHeaders.joined(separator: ", "))) }
    if route.url.lowercased().hasPrefix("https") {
      rows.append(
        ("trusts", route.verifiesCertificate ? route.authorityFile ?? "the system's authorities" : "anybody"))
    }
    return rows
  }

  private static func json(_ routes: [ServedRoute], _ findings: [RouteFinding]) -> JSONValue {
    [
      "routes": .array(
        routes.map { route in
          let rows = explanation(of: route.configuration).map { ($0.0, JSONValue.string($0.1)) }
          return .object(Dictionary([("route", .string(route.name))] + rows) { $1 })
        }),
      "findings": .array(
        findings.map {
          [
            "route": .string($0.route), "severity": .string($0.severity.rawValue), "code": .string($0.code.rawValue),
            "message": .string($0.message),
          ]
        }),
    ]
  }
}
