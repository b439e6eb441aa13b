/// Decides what of a request goes to the server behind a route.
///
/// Whatever it lets pass, headers that frame or route an HTTP request never do.
public protocol ApiRequestValidator: Sendable {
  /// What to send for `call`.
  ///
  /// - Throws: ``ApiError``, whose reason the caller may read. Other errors show the caller nothing.
  func validate(_ call: ApiCall) async throws -> ForwardedRequest
}
