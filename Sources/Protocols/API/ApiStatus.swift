/// How a node's API protocol is, for health.
public struct ApiStatus: Sendable {
  /// Routes that are served.
  public let routes: Int
  /// Calls of peers that are being answered.
  public let callsUnderWay: Int
  /// Why the routes file as it is now is not served; its last good version is. Nil while it is.
  public let fault: RoutesFileError?
}
