/// A request as bytes, encoded on the caller's task so that the event loop only copies it.
struct JSONRPCRequest: Sendable {
  /// Identifies a request on its connection; a subscription keeps the id of its subscribe call.
  typealias ID = UInt64

  /// The id of the only call, or of the first call of a batch; the others follow without a gap.
  let id: ID
  let count: Int
  let isBatch: Bool
  let bytes: [UInt8]
  /// The largest answer that is acceptable, in bytes.
  let answerSize: Int

  init(id: ID, _ method: String, _ params: [JSONValue], limits: RPCLimits) throws(RPCError) {
    var bytes: [UInt8] = []
    Self.write(id, method, params, to: &bytes)
    try self.init(
      id: id, count: 1, isBatch: false, bytes: bytes, answerSize: limits.messageSize(for: method, params),
      limits: limits)
  }

  init(id: ID, batch calls: [RPCCall], limits: RPCLimits) throws(RPCError) {
    var bytes = [UInt8(ascii: "[")]
    for (index, call) in calls.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      Self.write(id + ID(index), call.method, call.params, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
    let answerSize = calls.map { limits.messageSize(for: $0.method, $0.params) }.max() ?? limits.messageSize
    try self.init(
      id: id, count: calls.count, isBatch: true, bytes: bytes, answerSize: answerSize, limits: limits)
  }

  private init(
    id: ID, count: Int, isBatch: Bool, bytes: [UInt8], answerSize: Int, limits: RPCLimits
  ) throws(RPCError) {
    guard bytes.count <= limits.requestSize else {
      throw RPCError(
        .frameTooLarge, "a request of \(bytes.count) bytes is over the limit of \(limits.requestSize)")
    }
    guard count <= limits.pendingRequests else {
      throw RPCError(.overloaded, "a batch of \(count) calls is over the limit of \(limits.pendingRequests)")
    }
    (self.id, self.count, self.isBatch, self.bytes, self.answerSize) = (id, count, isBatch, bytes, answerSize)
  }

  private static func write(_ id: ID, _ method: String, _ params: [JSONValue], to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"jsonrpc\":\"2.0\",\"id\":".utf8)
    bytes.append(contentsOf: String(id).utf8)
    bytes.append(contentsOf: ",\"method\":".utf8)
    JSONValue.write(method, to: &bytes)
    bytes.append(contentsOf: ",\"params\":".utf8)
    JSONValue.write(params, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }
}
