/// One message of a JSON-RPC 2.0 server, checked for form but not for meaning.
enum JSONRPCMessage {
  /// The answer to a request. The id is nil when the server could not read the request.
  case response(JSONRPCRequest.ID?, Result<JSONValue, RPCError>)
  /// An item of a subscription, or the error with which the server ends it.
  case notification(subscription: JSONValue, Result<JSONValue, RPCError>)
  /// Neither, or an id that no client of ours gave out.
  case unintelligible

  init(_ value: JSONValue) {
    guard let members = value.objectValue, members["jsonrpc"] == "2.0" else {
      self = .unintelligible
      return
    }
    if members["method"] != nil {
      self = Self.notification(members)
    } else {
      self = Self.response(members)
    }
  }

  private static func response(_ members: [String: JSONValue]) -> JSONRPCMessage {
    let id: JSONRPCRequest.ID?
    switch members["id"] {
    case .integer(let number):
      guard let known = number.exactly(JSONRPCRequest.ID.self) else { return .unintelligible }
      id = known
    case .null: id = nil
    default: return .unintelligible
    }
    switch (members["result"], members["error"]) {
    case (let result?, nil) where id != nil: return .response(id, .success(result))
    case (nil, let error?): return .response(id, .failure(serverError(error)))
    default:
      let error = RPCError(.malformed, "an answer has not exactly one of result and error")
      return .response(id, .failure(error))
    }
  }

  private static func notification(_ members: [String: JSONValue]) -> JSONRPCMessage {
    guard members["id"] == nil, members["method"]?.stringValue != nil,
      let params = members["params"], let subscription = params["subscription"]
    else { return .unintelligible }
    switch (params["result"], params["error"]) {
    case (let item?, nil): return .notification(subscription: subscription, .success(item))
    case (nil, let error?):
      let text = error.stringValue ?? error["message"]?.stringValue ?? "no reason given"
      let reason = RPCServerError(code: 0, message: text).message
      return .notification(
        subscription: subscription,
        .failure(RPCError(.subscriptionEnded, "the node ended the subscription: \(reason)")))
    default: return .unintelligible
    }
  }

  private static func serverError(_ value: JSONValue) -> RPCError {
    guard let code = value["code"]?.int64Value, let message = value["message"]?.stringValue else {
      return RPCError(.malformed, "an answer's error has no code or no message")
    }
    return .server(code: code, message: message, data: value["data"])
  }
}
