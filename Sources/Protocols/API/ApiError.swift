public import LibP2P

/// Why a call of the API protocol fails, on either side.
///
/// ``reason`` is what the caller may read; it never says where or what the server behind a route is. What this node
/// knows beyond that is in ``detail``, for its own log.
public struct ApiError: LibP2PError, Equatable {
  /// The kinds of failure; the raw value is the stable code.
  public enum Code: String, Sendable, CaseIterable {
    /// The address does not name the peer to call.
    case destination = "api.destination"
    /// The request's frame has a bad length.
    case frame = "api.frame"
    /// The request or answer is longer than is read.
    case tooLong = "api.too-long"
    /// The other side ended in the middle.
    case truncated = "api.truncated"
    /// What came is not a request, or not an answer.
    case malformed = "api.malformed"
    /// There is no such route.
    case routeNotFound = "api.route-not-found"
    /// The route does not stream.
    case notStreaming = "api.not-streaming"
    /// The kind of answer that is asked for does not exist.
    case responseType = "api.response-type"
    /// The route does not allow the method.
    case method = "api.method"
    /// The route does not allow the header, or its value can't be sent.
    case header = "api.header"
    /// Proof of stake or the node's policy refuses the peer.
    case refused = "api.refused"
    /// Too many calls are under way.
    case busy = "api.busy"
    /// The peer calls more often than it may, or all peers together do.
    case tooOften = "api.too-often"
    /// The server behind the route can't be reached.
    case unreachable = "api.upstream-unreachable"
    /// The server behind the route does not prove who it is.
    case untrusted = "api.upstream-untrusted"
    /// The server behind the route broke off, or does not speak HTTP.
    case broken = "api.upstream-broken"
    /// The server behind the route takes too long.
    case silent = "api.upstream-timeout"
    /// The call took longer than it may in all.
    case deadline = "api.deadline"
    /// The answering node failed in a way that this version has no name for.
    case remote = "api.remote"
  }

  /// Which failure it is.
  public let kind: Code
  /// For the caller, in the words of the published nodes; may hold what the caller sent.
  public let reason: String
  /// For this node's log only; empty if there is nothing to add.
  public let detail: String

  /// Unicode scalars of a reason that are sent or logged. A character may be made of any number of them.
  static let maximumLength = 512

  /// - Parameters:
  ///   - reason: what the caller may read.
  ///   - detail: what only this node's log may say; quoted, if a peer worded it.
  public init(_ kind: Code, _ reason: String, detail: String = "") {
    self.kind = kind
    self.reason = String(reason.unicodeScalars.prefix(Self.maximumLength))
    self.detail = detail
  }

  public var message: String {
    let shown = reason.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
    return detail.isEmpty ? shown : "\(shown): \(detail)"
  }

  public var code: String { kind.rawValue }

  public var remedy: String {
    switch kind {
    case .destination: "Give a multiaddr that ends in /p2p/ and the peer's id"
    case .frame, .truncated, .malformed: "The peer breaks the protocol, or the connection was cut"
    case .tooLong: "Send or ask for less, or raise the route's limits"
    case .routeNotFound, .notStreaming, .method, .header: "Ask the peer's operator what the route allows"
    case .responseType: "Ask for a unary or a streamed answer"
    case .refused: "The caller needs stake in the subnet, of the class that the route asks for"
    case .busy: "Try again when earlier calls have ended"
    case .tooOften: "Call less often; the peer's operator can raise the rates of the node and the route"
    case .unreachable, .untrusted, .broken: "The peer's operator has to look at the server behind the route"
    case .silent, .deadline: "Allow more time, or ask for less"
    case .remote: "See the log of the peer"
    }
  }

  /// The answer of version 1.0.0, which has no other sign of failure (subnet-wire.md §4.4). A few are known by heart
  /// by the published nodes.
  var text: String {
    switch kind {
    case .routeNotFound, .notStreaming: reason
    case .responseType: ""
    default: "Error processing request: \(reason)"
    }
  }

  static let routeNotFound = ApiError(.routeNotFound, "Route not found")

  static func notStreaming(_ route: String) -> ApiError {
    ApiError(.notStreaming, "Route does not support streaming: \(route)")
  }

  static func responseTooLong(_ limit: Int) -> ApiError {
    ApiError(.tooLong, "API response exceeded maximum \(limit) bytes")
  }
}
