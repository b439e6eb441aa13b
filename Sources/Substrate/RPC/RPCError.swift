/// Why a JSON-RPC request, subscription or endpoint failed.
///
/// The endpoint is named without user, password, path and query, any of which may be a secret.
public struct RPCError: SubstrateError, Hashable {
  public enum Code: String, Sendable {
    /// No connection, or the endpoint answered the handshake with something else than a node does.
    case unreachable = "rpc.unreachable"
    /// No answer in time. A submission may have been carried out all the same.
    case timeout = "rpc.timeout"
    /// The connection ended before the answer. A submission may have been carried out all the same.
    case connectionLost = "rpc.connection-lost"
    /// The endpoint asks for fewer requests; see ``RPCError/retryAfter``.
    case rateLimited = "rpc.rate-limited"
    case frameTooLarge = "rpc.frame-too-large"
    /// Bytes that are not JSON, or JSON that is not what was asked for.
    case malformed = "rpc.malformed"
    /// The endpoint serves a chain with another genesis block.
    case wrongChain = "rpc.wrong-chain"
    /// The endpoint has another block where a finalized block was seen before.
    case finalityConflict = "rpc.finality-conflict"
    case subscriptionEnded = "rpc.subscription-ended"
    /// The reader of a subscription fell behind and the bounded buffer is full.
    case subscriptionOverflow = "rpc.subscription-overflow"
    /// No endpoint has seen the block that the read must not fall behind.
    case staleView = "rpc.stale-view"
    /// A bound of this client is reached: requests in flight, bytes waiting to be sent, subscriptions.
    case overloaded = "rpc.overloaded"
    /// The transport can't do what was asked: a subscription over HTTP, a URL of another scheme.
    case unsupported = "rpc.unsupported"
    case cancelled = "rpc.cancelled"
    /// The node answered with an error object; see ``RPCError/server``.
    case server = "rpc.server"
  }

  public let kind: Code
  public let message: String
  /// The error object of the node, when ``kind`` is ``Code/server``.
  public var server: RPCServerError?
  /// How long the endpoint asked to be left alone.
  public var retryAfter: Duration?
  /// Scheme, host and port of the endpoint, when one was involved.
  public var endpoint: String?

  /// An error of this client, or of another implementation of ``RPCClient``.
  public init(
    _ kind: Code, _ message: String, server: RPCServerError? = nil, retryAfter: Duration? = nil,
    endpoint: String? = nil
  ) {
    self.kind = kind
    self.message = message
    self.server = server
    self.retryAfter = retryAfter
    self.endpoint = endpoint
  }

  public var code: String { kind.rawValue }

  public var description: String {
    let place = endpoint.map { " (\($0))" } ?? ""
    return "\(message)\(place) [\(code)]\(remedy.isEmpty ? "" : ". \(remedy)")"
  }

  public var remedy: String {
    switch kind {
    case .unreachable: "Check the URL, the network and that the node runs; or add another --rpc endpoint."
    case .timeout, .connectionLost: "Try again; before repeating a submission look for it on the chain."
    case .rateLimited: "Send less, or use an endpoint of your own."
    case .frameTooLarge: "Ask for less at once, or raise the size limit of the connection."
    case .malformed: "The endpoint is not a Substrate node or is broken; use another one."
    case .wrongChain: "Point the URL at a node of the chain whose genesis hash is configured."
    case .finalityConflict: "One of the endpoints lies or is on a fork: find out which, and remove it."
    case .subscriptionEnded: "Subscribe again and read what was missed."
    case .subscriptionOverflow: "Read the subscription faster, then subscribe again."
    case .staleView: "Wait until the endpoints catch up, or add one that is in sync."
    case .overloaded: "Wait for requests in flight before sending more."
    case .unsupported: "Use a ws:// or wss:// URL."
    case .cancelled: ""
    case .server: server?.remedy ?? ""
    }
  }
}

extension RPCError {
  /// An error object of a node as an error.
  public static func server(code: Int64, message: String, data: JSONValue? = nil) -> RPCError {
    let server = RPCServerError(code: code, message: message, data: data)
    return RPCError(.server, "the node answered \(server)", server: server)
  }

  /// The error of an HTTP status other than success.
  static func http(status: UInt, retryAfter: String?) -> RPCError {
    switch status {
    case 429:
      // The other form of Retry-After is a date; wall clocks are not compared here.
      let seconds = retryAfter.flatMap(UInt32.init).map { Duration.seconds($0) }
      return RPCError(.rateLimited, "the endpoint answered HTTP 429", retryAfter: seconds)
    case 413: return RPCError(.frameTooLarge, "the endpoint refused the request as too large (HTTP 413)")
    default: return RPCError(.unreachable, "the endpoint answered HTTP \(status)")
    }
  }
}
