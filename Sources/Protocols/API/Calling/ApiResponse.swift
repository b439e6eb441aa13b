public import NIOHTTP1

/// The answer to a call: what of HTTP the peer tells, and a body to be read.
public struct ApiResponse: Sendable {
  /// Which version of the protocol the peer speaks.
  public let version: ApiVersion
  /// The HTTP status; nil from a peer that does not tell.
  public let status: Int?
  /// HTTP headers; none from a peer that does not tell.
  public let headers: HTTPHeaders
  /// The body, as it comes.
  public let body: ApiResponseBody
}
