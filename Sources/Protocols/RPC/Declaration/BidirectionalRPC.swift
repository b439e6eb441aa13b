public import SwiftProtobuf

/// A declared procedure with a stream of requests and a stream of responses; see ``RPC``.
public struct BidirectionalRPC<Request: Message, Response: Message>: RPCDeclaration {
  public static var kind: RPCKind { .bidirectional }
  public let method: String

  /// Serves the procedure with `body`, which reads requests and writes responses in any order.
  ///
  /// - Parameter body: as with ``UnaryRPC/handler(_:)``; the responses end when it returns.
  public func handler(
    _ body: @escaping @Sendable (MessageStream<Request>, P2PContext, MessageWriter<Response>) async throws -> Void
  ) -> RPCHandler {
    RPCHandler(self) { call in
      try await call.answer { requests, responses in try await body(requests, call.context, responses) }
    }
  }

  /// Serves the procedure with `body`, which returns the responses as a stream.
  public func handler<Responses: AsyncSequence & SendableMetatype>(
    _ body: @escaping @Sendable (MessageStream<Request>, P2PContext) async throws -> Responses
  ) -> RPCHandler where Responses.Element == Response {
    handler { requests, context, writer in try await writer.write(contentsOf: try await body(requests, context)) }
  }
}
