public import Logging
import NIOSSL

/// Which certificate authorities vouch for `wss` and `https` endpoints. Chain and host name are always
/// verified.
public enum RPCTrustRoots: Sendable, Hashable {
  case system
  /// A PEM file of authorities, for endpoints behind a private one.
  case file(String)

  var tlsConfiguration: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if case .file(let path) = self { configuration.trustRoots = .file(path) }
    return configuration
  }
}

/// What a connection is given besides its address.
public struct RPCConnectionOptions: Sendable {
  public var limits = RPCLimits()
  public var trustRoots = RPCTrustRoots.system
  public var logger: Logger

  /// The standard options; without a logger nothing is logged.
  public init(logger: Logger = Logger(label: "substrate.rpc", factory: { _ in SwiftLogNoOpLogHandler() })) {
    self.logger = logger
  }
}
