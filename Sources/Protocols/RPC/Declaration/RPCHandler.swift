public import SwiftProtobuf

/// A declared procedure with the code that serves it. The declarations make them: `Self.rpcRoll.handler(roll)`.
public struct RPCHandler: Sendable {
  /// The method's name on the wire, `rpc_…`.
  public let method: String
  public let kind: RPCKind
  public let requestType: any Message.Type
  public let responseType: any Message.Type
  /// Limits of this procedure; nil takes those of the registration.
  public private(set) var limits: RPCLimits?
  let serve: @Sendable (ServedCall) async throws -> Void

  init<Declaration: RPCDeclaration>(
    _ declaration: Declaration, serve: @escaping @Sendable (ServedCall) async throws -> Void
  ) {
    method = declaration.method
    kind = Declaration.kind
    requestType = Declaration.Request.self
    responseType = Declaration.Response.self
    self.serve = serve
  }

  /// The same handler with limits of its own.
  public func limited(to limits: RPCLimits) -> RPCHandler {
    var handler = self
    handler.limits = limits
    return handler
  }
}
