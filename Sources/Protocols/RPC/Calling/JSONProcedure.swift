public import LibP2P
public import SwiftProtobuf

/// A procedure of peers that takes and gives JSON: for command lines and others that have no messages.
///
/// JSON as protobuf maps it: field names in lowerCamelCase or as the schema has them, bytes as base64.
public struct JSONProcedure: Sendable {
  /// `Class.rpc_method`.
  public let name: String
  public let kind: RPCKind
  public let requestType: any Message.Type
  public let responseType: any Message.Type
  private let answer:
    @Sendable (_ request: String, _ target: Target, _ take: (String) async throws -> Void) async throws -> Void

  /// Whom a call reaches, and through which gate.
  private struct Target: Sendable {
    let p2p: any P2P
    let peer: PeerID
    let gate: Gate
    let deadline: ContinuousClock.Instant
  }

  public init<Protocol: PeerProtocol, Request: Message, Response: Message>(
    _ declared: Protocol.Type, _ rpc: UnaryRPC<Request, Response>
  ) {
    self.init(declared, rpc) { request, target, take in
      let stub = Protocol.getServerStub(target.p2p, target.peer, gate: target.gate)
      let call = UnaryCall(rpc: rpc, caller: stub.caller)
      try await take(Self.json(try await call(Self.message(request), timeout: target.deadline - .now)))
    }
  }

  public init<Protocol: PeerProtocol, Request: Message, Response: Message>(
    _ declared: Protocol.Type, _ rpc: ServerStreamRPC<Request, Response>
  ) {
    self.init(declared, rpc) { request, target, take in
      let stub = Protocol.getServerStub(target.p2p, target.peer, gate: target.gate)
      let call = ServerStreamCall(rpc: rpc, caller: stub.caller)
      for try await response in try await call(Self.message(request), deadline: target.deadline) {
        try await take(Self.json(response))
      }
    }
  }

  private init<Declaration: RPCDeclaration>(
    _ declared: any PeerProtocol.Type, _ rpc: Declaration,
    answer: @escaping @Sendable (String, Target, (String) async throws -> Void) async throws -> Void
  ) {
    name = "\(declared.className).\(rpc.method)"
    kind = Declaration.kind
    requestType = Declaration.Request.self
    responseType = Declaration.Response.self
    self.answer = answer
  }

  /// Calls the procedure.
  ///
  /// - Parameters:
  ///   - request: JSON of its request; what authorizes it is added.
  ///   - timeout: how long the call may take, with all responses.
  ///   - take: gets each response as one line of JSON, without what authorized it.
  /// - Throws: ``CallError`` `call.request` for JSON that is no such request, and what ``UnaryCall`` and
  ///   ``MessageStream`` throw.
  public func call(
    _ request: String, of peer: PeerID, over p2p: any P2P, gate: Gate, timeout: Duration,
    _ take: (String) async throws -> Void
  ) async throws {
    try await answer(request, Target(p2p: p2p, peer: peer, gate: gate, deadline: .now + timeout), take)
  }

  private static func message<Request: Message>(_ text: String) throws(CallError) -> Request {
    do {
      return try Request(jsonString: text)
    } catch {
      throw CallError(.request, "the JSON is no \(Request.protoMessageName): \(error)")
    }
  }

  private static func json<Response: Message>(_ response: Response) throws -> String {
    guard let authorized = response as? any AuthorizedResponse else { return try response.jsonString() }
    return try authorized.unauthorized.jsonString()
  }
}

extension AuthorizedResponse {
  /// The response without its signature.
  fileprivate var unauthorized: Self {
    var response = self
    response.clearAuth()
    return response
  }
}
