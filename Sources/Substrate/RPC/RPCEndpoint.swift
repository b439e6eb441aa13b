import Foundation
import Logging
import NIOCore

/// The address of a JSON-RPC endpoint: `ws`, `wss`, `http` or `https`.
///
/// User, password, path and query may be secrets (hosted nodes put an API key there); they are kept out
/// of ``name``, the descriptions and every error.
public struct RPCEndpoint: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  enum Transport: Hashable { case webSocket, http }

  /// Longest URL that is looked at.
  static let maximumLength = 4096

  let transport: Transport
  let isSecure: Bool
  let host: String
  let port: Int
  /// Path and query, percent-encoded, starting with a slash.
  let target: String
  /// The value of an Authorization header, from the URL's user and password.
  let authorization: String?

  /// Scheme, host and port.
  public let name: String

  /// Reads a URL.
  ///
  /// - Parameter allowsPlaintext: permits `ws` and `http` to a host other than this machine. Whoever is
  ///   on the way can then read and change every answer.
  /// - Throws: ``RPCError`` (`unsupported`) for anything else than an absolute URL of the four schemes.
  public init(_ url: String, allowsPlaintext: Bool = false) throws(RPCError) {
    guard url.utf8.count <= Self.maximumLength, let parts = URLComponents(string: url),
      let scheme = parts.scheme?.lowercased(), let rawHost = parts.host, !rawHost.isEmpty,
      parts.fragment == nil
    else { throw RPCError(.unsupported, "an RPC endpoint is not a ws, wss, http or https URL") }
    switch scheme {
    case "ws", "wss": transport = .webSocket
    case "http", "https": transport = .http
    default: throw RPCError(.unsupported, "an RPC endpoint has a scheme other than ws, wss, http, https")
    }
    isSecure = scheme == "wss" || scheme == "https"
    host = rawHost.hasPrefix("[") && rawHost.hasSuffix("]") ? String(rawHost.dropFirst().dropLast()) : rawHost
    port = parts.port ?? (isSecure ? 443 : 80)
    name = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    guard (1...65535).contains(port) else {
      throw RPCError(.unsupported, "an RPC endpoint has an impossible port")
    }
    let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
    target = path + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
    authorization =
      parts.user.map { "Basic " + Data("\($0):\(parts.password ?? "")".utf8).base64EncodedString() }
    guard isSecure || allowsPlaintext || isLoopback else {
      throw RPCError(
        .unsupported,
        "\(name) is not encrypted and not on this machine; use \(scheme)s or allow plaintext explicitly")
    }
  }

  /// Whether the endpoint can push, which WebSockets can and HTTP can't.
  public var supportsSubscriptions: Bool { transport == .webSocket }

  /// Whether the address is this machine's, so that nobody is on the way.
  var isLoopback: Bool {
    if host.lowercased() == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Whether answers can be changed on the way.
  var isExposed: Bool { !isSecure && !isLoopback }

  /// Whether the host is an IP address rather than a name.
  var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: port)) != nil }

  /// The value of a Host header.
  var authority: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
  }

  func warnIfExposed(_ logger: Logger) {
    guard isExposed else { return }
    logger.warning(
      "The RPC connection is not encrypted: others can read and change what it carries.",
      metadata: ["endpoint": "\(name)"])
  }

  public var description: String { name }
  public var debugDescription: String { name }
}

extension RPCEndpoint: CustomReflectable {
  /// Hides the secret parts from `dump` and test failures too.
  public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension RPCError {
  /// The same error with the endpoint's name, unless it has one.
  func at(_ endpoint: RPCEndpoint) -> RPCError {
    var error = self
    error.endpoint = error.endpoint ?? endpoint.name
    return error
  }
}
