public import SwiftProtobuf

/// A procedure on a peer that takes and gives streams; call it like a function.
public struct BidirectionalCall<Request: Message, Response: Message>: Sendable {
  let rpc: BidirectionalRPC<Request, Response>
  let caller: Caller

  /// Sends the requests as they come and returns the responses as they come.
  ///
  /// An error of `requests` takes the call back, and the responses throw it.
  /// - Throws: as ``ServerStreamCall/callAsFunction(_:deadline:)``.
  public func callAsFunction<Requests: AsyncSequence & Sendable>(
    _ requests: Requests, deadline: ContinuousClock.Instant? = nil
  ) async throws -> MessageStream<Response> where Requests.Element == Request {
    try await caller.open(rpc, until: deadline).begin(sending: requests)
  }

  /// Calls the procedure; the responses end at any error, which goes to the log.
  public func quietly<Requests: AsyncSequence & Sendable>(
    _ requests: Requests, deadline: ContinuousClock.Instant? = nil
  ) -> QuietResponses<Response> where Requests.Element == Request {
    QuietResponses(
      open: { try await self(requests, deadline: deadline) }, note: { caller.swallow($0, of: rpc, isCut: true) })
  }
}
