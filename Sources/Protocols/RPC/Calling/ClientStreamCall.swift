public import SwiftProtobuf

/// A procedure on a peer that answers a stream of requests once; call it like a function.
public struct ClientStreamCall<Request: Message, Response: Message>: Sendable {
  let rpc: ClientStreamRPC<Request, Response>
  let caller: Caller

  /// Sends the requests as they come and returns the response.
  ///
  /// - Throws: as ``UnaryCall/callAsFunction(_:timeout:)``, and what `requests` throws.
  public func callAsFunction<Requests: AsyncSequence & Sendable>(
    _ requests: Requests, timeout: Duration? = nil
  ) async throws -> Response where Requests.Element == Request {
    try await Timeout.run(timeout ?? caller.configuration.timeout, on: caller.executor) {
      let responses: MessageStream<Response> = try await caller.open(rpc).begin(sending: requests)
      guard let response = try await responses.next() else {
        throw CallError(.noAnswer, "the peer ended the call without an answer")
      }
      guard try await responses.next() == nil else {
        throw CallError(.malformed, "the peer answered more than once")
      }
      return response
    }
  }

  /// Calls the procedure, and returns nil for any error, which goes to the log.
  public func quietly<Requests: AsyncSequence & Sendable>(
    _ requests: Requests, timeout: Duration? = nil
  ) async -> Response? where Requests.Element == Request {
    do {
      return try await self(requests, timeout: timeout)
    } catch {
      caller.swallow(error, of: rpc)
      return nil
    }
  }
}
