public import SwiftProtobuf

/// A declared procedure with a stream of requests and one response; see ``RPC``.
public struct ClientStreamRPC<Request: Message, Response: Message>: RPCDeclaration {
  public static var kind: RPCKind { .clientStream }
  public let method: String

  /// Serves the procedure with `body`, which may answer before it has read all requests.
  ///
  /// - Parameter body: as with ``UnaryRPC/handler(_:)``.
  public func handler(
    _ body: @escaping @Sendable (MessageStream<Request>, P2PContext) async throws -> Response
  ) -> RPCHandler {
    RPCHandler(self) { call in
      try await call.answer { requests, responses in
        try await responses.write(try await body(requests, call.context))
      }
    }
  }
}
