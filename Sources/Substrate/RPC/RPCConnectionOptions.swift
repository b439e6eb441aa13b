public import Logging

/// Which certificate authorities vouch for `wss` and `https` endpoints. Chain and host name are always
/// verified.
public enum RPCTrustRoots: Sendable, Hashable {
  case system
  /// A PEM file of authorities, for endpoints behind a private one.
  case file(String)
}

/// What a connection is given besides its address.
public struct RPCConnectionOptions: Sendable {
  public var limits = RPCLimits()
  public var trustRoots = RPCTrustRoots.system
  public var logger: Logger

  public init(logger: Logger = Logger(label: "substrate.rpc") { _ in SwiftLogNoOpLogHandler() }) {
    self.logger = logger
  }
}
