public import SwiftProtobuf

/// A unary procedure on a peer; call it like a function.
public struct UnaryCall<Request: Message, Response: Message>: Sendable {
  let rpc: UnaryRPC<Request, Response>
  let caller: Caller

  /// Calls the procedure.
  ///
  /// - Parameter timeout: how long it may take in all; ``RPCConfiguration/timeout`` unless given.
  /// - Throws: ``CallError``, ``Refusal`` when this side's gate refuses the peer or its response, errors of the
  ///   transport, `CancellationError`.
  public func callAsFunction(_ request: Request, timeout: Duration? = nil) async throws -> Response {
    try await Timeout.run(timeout ?? caller.configuration.timeout, on: caller.executor) {
      let call = try await caller.open(rpc)
      do {
        let response: Response = try await call.exchange(request)
        call.end(nil)
        return response
      } catch {
        call.end(error)
        throw error
      }
    }
  }

  /// Calls the procedure, and returns nil for any error, which goes to the log.
  public func quietly(_ request: Request, timeout: Duration? = nil) async -> Response? {
    do {
      return try await self(request, timeout: timeout)
    } catch {
      caller.swallow(error, of: rpc)
      return nil
    }
  }
}
