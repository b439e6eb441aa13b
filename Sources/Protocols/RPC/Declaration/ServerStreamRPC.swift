public import SwiftProtobuf

/// A declared procedure with one request and a stream of responses; see ``RPC``.
public struct ServerStreamRPC<Request: Message, Response: Message>: RPCDeclaration {
  public static var kind: RPCKind { .serverStream }
  public let method: String

  /// Serves the procedure with `body`, which writes the responses.
  ///
  /// - Parameter body: as with ``UnaryRPC/handler(_:)``; the responses end when it returns.
  public func handler(
    _ body: @escaping @Sendable (Request, P2PContext, MessageWriter<Response>) async throws -> Void
  ) -> RPCHandler {
    RPCHandler(self) { call in
      try await call.answer(single: { request, responses in try await body(request, call.context, responses) })
    }
  }

  /// Serves the procedure with `body`, which returns the responses as a stream.
  public func handler<Responses: AsyncSequence & SendableMetatype>(
    _ body: @escaping @Sendable (Request, P2PContext) async throws -> Responses
  ) -> RPCHandler where Responses.Element == Response {
    handler { request, context, writer in try await writer.write(contentsOf: try await body(request, context)) }
  }
}
