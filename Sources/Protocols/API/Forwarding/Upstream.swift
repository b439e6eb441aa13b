import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The HTTP side of all routes: one client, whose connections are kept alive and shared.
///
/// Redirects are not followed, proxies of the environment not used, cookies not kept.
final class Upstream: Sendable {
  /// What a connect may take; the route's silence may be shorter.
  static let connectTimeout = TimeAmount.seconds(10)
  /// Connections to one server at a time; the limits of calls bind before.
  static let connectionsPerServer = 1_024
  /// A compressed answer may grow to so many times its size.
  static let maximumInflation = 200

  private let client: HTTPClient

  init() {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: Self.connectTimeout),
      decompression: .enabled(limit: .ratio(Self.maximumInflation)))
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsPerServer
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  deinit { client.shutdown { _ in } }

  /// Sends a request and returns when the head of the answer is there.
  ///
  /// - Throws: ``ApiError``, `CancellationError`.
  func send(_ request: ForwardedRequest, to route: ServedRoute) async throws -> UpstreamResponse {
    var http = HTTPClientRequest(url: route.configuration.url)
    http.method = try Self.method(request.method)
    http.headers = try Self.headers(request.headers)
    http.tlsConfiguration = route.tls
    if request.body.readableBytes > 0 { http.body = .bytes(request.body) }
    do {
      // The call's watch keeps the time, also behind the head.
      let response = try await client.execute(http, deadline: .distantFuture)
      return UpstreamResponse(response, to: http.method, route: route)
    } catch {
      throw Self.translate(error)
    }
  }

  private static func method(_ method: String) throws(ApiError) -> HTTPMethod {
    guard HeaderRules.isToken(method) else { throw ApiError(.method, "Illegal method characters") }
    return HTTPMethod(rawValue: method)
  }

  private static func headers(_ headers: [String: String]) throws(ApiError) -> HTTPHeaders {
    var forwarded = HTTPHeaders()
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      guard HeaderRules.isToken(name) else { throw ApiError(.header, "Illegal header name") }
      guard HeaderRules.isValue(value) else { throw ApiError(.header, "Illegal header value") }
      guard !HeaderRules.isNeverForwarded(name.lowercased()) else { continue }
      forwarded.add(name: name, value: value)
    }
    if !forwarded.contains(name: "accept") { forwarded.add(name: "accept", value: "*/*") }
    // Compressing would only delay the pieces of a stream: the server is near.
    forwarded.add(name: "accept-encoding", value: "identity")
    if !forwarded.contains(name: "user-agent") { forwarded.add(name: "user-agent", value: "validatord") }
    return forwarded
  }

  /// What callers and metrics are told; the cause itself names addresses and is for the log.
  static func translate(_ error: any Error) -> any Error {
    let detail = "\(error)".quotedForLog(limit: 256)
    switch error {
    case is ApiError, is CancellationError: return error
    case let error as HTTPClientError where error == .cancelled: return CancellationError()
    case let error as HTTPClientError where timeouts.contains(error):
      return ApiError(.silent, "the server behind the route timed out", detail: detail)
    case is NIOConnectionError, is ChannelError, is IOError:
      return ApiError(.unreachable, "the server behind the route can't be reached", detail: detail)
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      return ApiError(.untrusted, "the server behind the route is not trusted", detail: detail)
    default:
      return ApiError(.broken, "the server behind the route broke off", detail: detail)
    }
  }

  private static let timeouts: [HTTPClientError] = [
    .connectTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout, .readTimeout, .tlsHandshakeTimeout,
    .writeTimeout,
  ]
}
