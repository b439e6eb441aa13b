import Substrate

/// Answers a test server gives.
enum Answer {
  static func result(_ request: JSONValue, _ result: JSONValue) -> String {
    JSONValue.object(["jsonrpc": "2.0", "id": request["id"] ?? nil, "result": result]).description
  }

  static func error(_ request: JSONValue, _ code: Int, _ message: String, _ data: JSONValue? = nil) -> String {
    var error: [String: JSONValue] = ["code": JSONValue(code), "message": .string(message)]
    error["data"] = data
    return JSONValue.object(["jsonrpc": "2.0", "id": request["id"] ?? nil, "error": .object(error)])
      .description
  }

  static func item(_ subscription: JSONValue, _ item: JSONValue) -> String {
    JSONValue.object([
      "jsonrpc": "2.0", "method": "m", "params": ["subscription": subscription, "result": item],
    ]).description
  }
}

extension RPCConnectionOptions {
  /// Limits with changes, for faults that must show soon.
  static func with(_ change: (inout RPCLimits) -> Void) -> RPCConnectionOptions {
    var options = RPCConnectionOptions()
    change(&options.limits)
    return options
  }
}

/// Waits until a condition holds. The bound is generous: it is only reached when the test fails.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
  for _ in 0..<6000 {
    if try await condition() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}

/// The kind of the ``RPCError`` that a body throws.
func failure<T>(of body: () async throws -> T) async -> RPCError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? RPCError
  }
}
