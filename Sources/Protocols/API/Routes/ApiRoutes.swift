internal import Logging

/// What a node serves: the routes of its file before those in memory.
final class ApiRoutes: Sendable {
  private let file: RoutesFile?
  private let memory: RouteTable

  /// - Parameters:
  ///   - routes: fixed from now on.
  ///   - file: the path of a routes file; nil for none.
  init(_ routes: [String: ApiRoute], file: String?, logger: Logger) {
    memory = RouteTable(routes)
    for finding in memory.findings { logger.warning("in memory: \(finding)") }
    self.file = file.map { RoutesFile($0, logger: logger) }
  }

  /// The route of exactly this name.
  subscript(name: String) -> ServedRoute? { file?[name] ?? memory.routes[name] }

  /// How many there are, and why a newer version of the file is not served.
  var status: (count: Int, fault: RoutesFileError?) {
    guard let file else { return (memory.routes.count, nil) }
    let status = file.status
    return (status.names.union(memory.routes.keys).count, status.fault)
  }

  /// Keeps up with the file for as long as these routes are used.
  func watch(clock: any Clock<Duration>) {
    guard file != nil else { return }
    Task { [weak file] in
      while file != nil {
        try? await clock.sleep(for: RoutesFile.interval)
        file?.look()
      }
    }
  }
}
