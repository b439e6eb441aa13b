/// The published policy: methods and headers that are listed pass, whatever is not is refused before anything is sent
/// . The texts are those of the published nodes.
public struct AllowLists: ApiRequestValidator {
  /// The policy has no settings but those of node and route.
  public init() {}

  public func validate(_ call: ApiCall) throws(ApiError) -> ForwardedRequest {
    let (route, request, limits) = (call.route.configuration, call.request, call.limits)
    let method = request.method.uppercased()
    guard (route.allowedMethods ?? limits.allowedMethods).contains(where: { $0.uppercased() == method }) else {
      throw ApiError(.method, "Method not allowed for route \(request.route): \(method)")
    }
    let maximumRequest = route.maximumRequest ?? limits.maximumRequest
    guard request.body.readableBytes <= maximumRequest else {
      throw ApiError(
        .tooLong, "Request body for route \(request.route) exceeds maximum \(maximumRequest) bytes")
    }
    let deadline = route.deadline ?? limits.deadline
    return ForwardedRequest(
      method: method, headers: try headers(of: call), body: request.body, timeout: route.timeout ?? limits.timeout,
      deadline: min(deadline, request.deadline ?? deadline),
      maximumResponse: route.maximumResponse ?? limits.maximumResponse)
  }

  /// The headers by their names in lower case.
  private func headers(of call: ApiCall) throws(ApiError) -> [String: String] {
    let allowed = Set((call.route.configuration.allowedHeaders ?? call.limits.allowedHeaders).map { $0.lowercased() })
    var headers: [String: String] = [:]
    for (name, value) in call.request.headers.sorted(by: { $0.key < $1.key }) {
      guard allowed.contains(name.lowercased()), !HeaderRules.isNeverForwarded(name.lowercased()) else {
        throw ApiError(.header, "Header not allowed for route \(call.request.route): \(name)")
      }
      headers[name.lowercased()] = value
    }
    return headers
  }
}
