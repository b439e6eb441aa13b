/// `api.*`: HTTP servers that peers may call through the node.
struct ApiSettings: Sendable, Hashable {
  /// The routes file; nil for a node that offers none.
  let routes: String?
  let exceedsWindows: Bool

  init?(_ reader: inout SettingsReader) {
    routes = reader.value(Settings.apiRoutes)
    guard let exceedsWindows = reader.value(Settings.apiExceedWindows) else { return nil }
    self.exceedsWindows = exceedsWindows
    if exceedsWindows, routes == nil {
      reader.report(Settings.apiExceedWindows.entry, "has no effect without api.routes")
    }
  }
}
