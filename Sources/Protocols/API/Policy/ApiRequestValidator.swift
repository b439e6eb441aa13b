public import LibP2P
public import NIOCore

/// Decides what of a request goes to the server behind a route.
///
/// Whatever it lets pass, headers that frame or route an HTTP request never do.
public protocol ApiRequestValidator: Sendable {
  /// What to send for `call`.
  ///
  /// - Throws: ``ApiError``, whose reason the caller may read. Other errors show the caller nothing.
  func validate(_ call: ApiCall) async throws -> ForwardedRequest
}

/// A request that a peer made, with the route that it names.
public struct ApiCall: Sendable {
  /// Who calls: the peer that the secure channel authenticated.
  public let peer: PeerID
  /// What is called.
  public let route: ServedRoute
  /// What the peer sent.
  public let request: ApiRequest
  /// The node's limits, for what the route does not set.
  public let limits: ApiLimits
}

/// A request as it goes to the server, and the bounds of its answer.
public struct ForwardedRequest: Sendable, Equatable {
  /// The HTTP method.
  public var method: String
  /// HTTP headers by name.
  public var headers: [String: String]
  /// The body; empty for none.
  public var body: ByteBuffer
  /// How long the server may stay silent, and the caller may take nothing.
  public var timeout: Duration
  /// How long the call may take in all.
  public var deadline: Duration
  /// The longest body of the answer, in bytes.
  public var maximumResponse: Int

  /// A request with every bound set.
  public init(
    method: String, headers: [String: String], body: ByteBuffer, timeout: Duration, deadline: Duration,
    maximumResponse: Int
  ) {
    self.method = method
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.deadline = deadline
    self.maximumResponse = maximumResponse
  }
}
