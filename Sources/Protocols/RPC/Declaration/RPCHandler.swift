public import LibP2P
import NIOCore

/// A declared procedure with the code that serves it. The declarations make them: `Self.rpcRoll.handler(roll)`.
public struct RPCHandler: Sendable {
  public let declaration: any RPCDeclaration
  /// Limits of this procedure; nil takes those of the registration.
  public private(set) var limits: CallLimits?
  /// Where its code runs.
  public private(set) var placement = HandlerPlacement.pool
  /// Serves a call; returns what the stream ends with.
  let serve: @Sendable (ServedCall) async throws -> ByteBuffer?

  init(_ declaration: any RPCDeclaration, serve: @escaping @Sendable (ServedCall) async throws -> ByteBuffer?) {
    self.declaration = declaration
    self.serve = serve
  }

  /// The method's name on the wire, `rpc_…`.
  public var method: String { declaration.method }

  /// The same handler with limits of its own.
  public func limited(to limits: CallLimits) -> RPCHandler {
    var handler = self
    handler.limits = limits
    return handler
  }

  /// The same handler with its code on the event loop of the call's connection, which saves each call two changes of
  /// threads. For code that never takes longer than some hundred microseconds between two waits.
  public func onEventLoop() -> RPCHandler {
    var handler = self
    handler.placement = .eventLoop
    return handler
  }
}
