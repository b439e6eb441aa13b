public import SwiftProtobuf

/// A declared procedure with one request and one response; see ``RPC``.
public struct UnaryRPC<Request: Message, Response: Message>: RPCDeclaration {
  public static var kind: RPCKind { .unary }
  public let method: String

  /// Serves the procedure with `body`.
  ///
  /// - Parameter body: gets the verified request. What it throws as ``RPCError`` the caller reads; of anything else
  ///   it learns only that there was an error. Its task is cancelled when the caller gives up.
  public func handler(
    _ body: @escaping @Sendable (Request, P2PContext) async throws -> Response
  ) -> RPCHandler {
    RPCHandler(self) { call in try await call.answer(body) }
  }
}
