/// What an ``ApiProtocol`` is made from.
public struct ApiProtocolConfig: Sendable {
  /// Routes by name, fixed once the protocol is made: a change takes a new start of the node. A file suits routes
  /// that change.
  public var routes: [String: ApiRoute]
  /// The path of a routes file. Its entries come before ``routes``, and its changes count within a second.
  public var configFile: String?
  /// The node's limits.
  public var limits = ApiLimits()
  /// What decides which requests are forwarded, and how.
  public var validator: any ApiRequestValidator = AllowLists()

  /// A configuration with the published limits; without routes it serves nothing.
  public init(routes: [String: ApiRoute] = [:], configFile: String? = nil) {
    self.routes = routes
    self.configFile = configFile
  }
}
