internal import Foundation
internal import LibP2P

/// Where a route's URL leads, as far as it decides whether the route may be served (threats.md S12).
struct UpstreamAddress {
  /// What is wrong with a URL.
  struct Problem: Error {
    let message: String
  }

  /// Whether the server is on this machine: a loopback address, `localhost` or a UNIX socket.
  let isLocal: Bool
  /// Whether the server is spoken to by TLS.
  let isSecure: Bool
  /// The host or socket, for messages.
  let place: String

  /// Reads a URL with `http`, `https`, or `http+unix` and `https+unix`, whose host is the socket's path,
  /// percent-encoded.
  init(_ text: String) throws(Problem) {
    guard !text.isEmpty else { throw Problem(message: "url is a text that is not empty") }
    guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
      throw Problem(message: "\(text.quotedForLog(limit: 128)) is not an absolute URL")
    }
    guard ["http", "https", "http+unix", "https+unix"].contains(scheme) else {
      throw Problem(message: "the scheme \(scheme.quotedForLog()) is not http, https, http+unix or https+unix")
    }
    guard let host = url.host, !host.isEmpty else { throw Problem(message: "the URL names no host") }
    guard url.user == nil, url.password == nil else {
      throw Problem(message: "the URL holds credentials, which are not sent; let the server trust this node otherwise")
    }
    guard (1...65_535).contains(url.port ?? 80) else { throw Problem(message: "the URL has no usable port") }
    isSecure = scheme.hasPrefix("https")
    isLocal = scheme.hasSuffix("+unix") || Self.isLoopback(host)
    place = host
  }

  /// Names other than `localhost` are not looked up: who answers for them is not this machine's to say.
  private static func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    return (IPv4Address(host)?.scope ?? IPv6Address(host)?.scope) == .loopback
  }
}
