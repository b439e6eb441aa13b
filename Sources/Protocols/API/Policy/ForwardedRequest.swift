public import NIOCore

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
