public import SwiftProtobuf

/// A procedure on a peer that answers one request with a stream; call it like a function.
public struct ServerStreamCall<Request: Message, Response: Message>: Sendable {
  let rpc: ServerStreamRPC<Request, Response>
  let caller: Caller

  /// Calls the procedure and returns the responses as they come.
  ///
  /// A stream of responses has no timeout, for nobody knows how long it should last, but may have a deadline. A peer
  /// of the published stack that refuses the request ends the stream without a response (mesh-wire.md §3.8).
  /// - Throws: as ``UnaryCall/callAsFunction(_:timeout:)``, here or from the stream.
  public func callAsFunction(
    _ request: Request, deadline: ContinuousClock.Instant? = nil
  ) async throws -> MessageStream<Response> {
    try await caller.open(rpc, until: deadline).begin(with: request)
  }

  /// Calls the procedure; the responses end at any error, which goes to the log.
  public func quietly(_ request: Request, deadline: ContinuousClock.Instant? = nil) -> QuietResponses<Response> {
    QuietResponses(
      open: { try await self(request, deadline: deadline) }, note: { caller.swallow($0, of: rpc, isCut: true) })
  }
}
