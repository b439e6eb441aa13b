/// One route: a name that peers may call, and the HTTP server behind it.
///
/// In a routes file the properties go by the names of ``Key``. A URL alone stands for a route that does not stream.
public struct ApiRoute: Sendable, Hashable {
  /// The members of a route in a routes file. The first seven are the published ones.
  public enum Key: String, Sendable, CaseIterable {
    case url, stream
    case allowedMethods = "allowed_methods"
    case allowedHeaders = "allowed_headers"
    case maximumRequest = "max_request_bytes"
    case maximumResponse = "max_response_bytes"
    case timeout = "timeout_seconds"
    case deadline = "deadline_seconds"
    case concurrency = "max_concurrent"
    case peerConcurrency = "max_concurrent_per_peer"
    case perMinute = "max_per_minute"
    case perMinuteOfPeer = "max_per_minute_per_peer"
    case minimumClass = "min_class"
    case responseHeaders = "response_headers"
    case authorityFile = "tls_ca_file"
    case verifiesCertificate = "tls_verify"
    case allowsRemote = "allow_remote"
  }

  /// Where requests go, whole: a caller can add nothing to it.
  public var url: String
  /// Whether callers may ask for the answer as it is made.
  public var stream: Bool
  /// Methods that callers may use; nil for the node's.
  public var allowedMethods: [String]?
  /// Request headers that callers may set; nil for the node's.
  public var allowedHeaders: [String]?
  /// The longest body of a request, in bytes; nil for what a frame holds.
  public var maximumRequest: Int?
  /// The longest body of an answer, in bytes; nil for the node's limit.
  public var maximumResponse: Int?
  /// How long the server may stay silent, and a caller may take nothing; nil for the node's limit.
  public var timeout: Duration?
  /// How long a call may take in all; nil for the node's limit.
  public var deadline: Duration?
  /// Calls under way at a time; nil for the node's limit.
  public var concurrency: Int?
  /// Calls of one peer under way at a time; nil for the node's limit.
  public var peerConcurrency: Int?
  /// Calls in a minute, as many at once and then evenly; nil for the node's rate alone.
  public var perMinute: Int?
  /// Calls of one peer in a minute, as many at once and then evenly; nil for the node's rate alone.
  public var perMinuteOfPeer: Int?
  /// The class that the caller's node must have reached.
  public var minimumClass = NodeClass.registered
  /// Headers of the server that callers see besides the harmless ones (version 1.1.0).
  public var responseHeaders: [String] = []
  /// A PEM file with the authorities that may vouch for the server; nil for those of the system.
  public var authorityFile: String?
  /// Whether the server has to prove who it is.
  public var verifiesCertificate = true
  /// Whether the server may be on another machine.
  public var allowsRemote = false

  /// A route with the node's limits.
  public init(url: String, stream: Bool = false) {
    self.url = url
    self.stream = stream
  }
}

extension ApiRoute: ExpressibleByStringLiteral {
  /// The shorthand: a URL that does not stream.
  public init(stringLiteral url: String) { self.init(url: url) }
}
