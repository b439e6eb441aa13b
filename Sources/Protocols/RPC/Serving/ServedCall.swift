import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf

/// One call on the servicer's side: the stream and what the gate said.
struct ServedCall: Sendable {
  /// The longest request that is read of a caller that will be refused: enough to learn the call's id.
  private static let refusedRequestLength = 64 << 10

  let stream: any PeerStream
  let context: P2PContext
  let admission: Result<any CallAuthorization, any Error>
  let limits: CallLimits
  let journal: CallJournal
  /// Where the handler's own code runs; everything around it runs on the event loop of the connection.
  let placement: HandlerPlacement

  // MARK: Unary

  /// Answers a unary call with what `body` makes of the request (mesh-wire.md §2.2).
  func answer<Request: Message, Response: Message>(
    _ body: (Request, P2PContext) async throws -> Response
  ) async throws -> ByteBuffer? {
    let isAdmitted = (try? admission.get()) != nil
    var callee = UnaryCallee(
      protocolID: context.handleName,
      maximumLength: isAdmitted ? UnaryEnvelope.maximumLength : Self.refusedRequestLength)
    guard let request = try await inTime({ try await envelope(&callee) }) else { return nil }
    stream.cancelHandlerWhenPeerFinishes(orSends: true)
    let result: Result<Data, RPCError>
    do {
      let authorization = try admission.get()
      let message = try await verified(request, by: authorization) as Request
      let response = try await placed { try await body(message, context) }
      result = .success(try await authorization.sign(response).serializedBytes())
    } catch {
      result = .failure(try excuse(error) ?? .refused)
    }
    return callee.answer(result)
  }

  /// Reads the request; nil if the stream is to be closed without an answer.
  private func envelope(_ callee: inout UnaryCallee) async throws -> Data? {
    while let bytes = try await stream.read(upTo: .max) {
      do throws(CallError) {
        if let request = try callee.receive(bytes) { return request }
      } catch {
        journal.broken(context, error)
        return nil
      }
    }
    return nil
  }

  private func verified<Request: Message>(
    _ request: Data, by authorization: any CallAuthorization
  ) async throws -> Request {
    do {
      let message = try Request(record: ByteBuffer(bytes: request))
      try await authorization.verify(message)
      return message
    } catch let error as CallError {
      throw RPCError(error)
    } catch let refusal as Refusal {
      journal.refused(context, refusal)
      throw RefusedCall(refusal: refusal)
    }
  }

  // MARK: Streams

  /// Answers a call whose requests are a stream with what `body` writes (mesh-wire.md §2.4), once there is a first
  /// request that is good.
  func answer<Request: Message, Response: Message>(
    _ body: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws -> ByteBuffer? {
    try await converse { (inlet: MessageInlet<Request>, responses: MessageWriter<Response>) in
      try await inTime { try await inlet.prefetch() }
      try await placed { try await body(MessageStream(inlet: inlet), responses) }
    }
  }

  /// Answers a call with a single request, once its caller has said that there is no more.
  func answer<Request: Message, Response: Message>(
    single body: (Request, MessageWriter<Response>) async throws -> Void
  ) async throws -> ByteBuffer? {
    try await converse { (inlet: MessageInlet<Request>, responses: MessageWriter<Response>) in
      let request = try await inTime {
        guard let request = try await inlet.next() else {
          throw RPCError("exactly one request is expected, there was none", kind: "ValueError")
        }
        guard try await inlet.next() == nil else {
          throw RPCError("exactly one request is expected, there were more", kind: "ValueError")
        }
        return request
      }
      try await placed { try await body(request, responses) }
    }
  }

  private func converse<Request: Message, Response: Message>(
    _ body: (MessageInlet<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws -> ByteBuffer? {
    stream.cancelHandlerWhenPeerFinishes(orSends: false)
    do {
      let authorization = try admission.get()
      let inlet = MessageInlet<Request>(
        stream, from: .caller, maximumLength: limits.maximumMessageLength, authorization: authorization)
      inlet.onEnd { [journal, context] error in
        if let refused = error as? RefusedCall { journal.refused(context, refused.refusal) }
      }
      try await body(
        inlet,
        MessageWriter(stream: stream, authorization: authorization, maximumLength: limits.maximumMessageLength))
      return nil
    } catch {
      // A published node says nothing to a caller it refuses: the stream just ends (mesh-wire.md §3.8).
      return try excuse(error).map { StreamRecord.failure($0.text) }
    }
  }

  private func placed<Value>(_ body: () async throws -> Value) async throws -> Value {
    switch placement {
    case .pool: try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
    case .eventLoop: try await body()
    }
  }

  /// Waits for a request no longer than it may take.
  private func inTime<Value>(_ body: () async throws -> Value) async throws -> Value {
    stream.setDeadline(in: limits.requestTimeout)
    let value = try await body()
    stream.setDeadline(in: nil)
    return value
  }

  // MARK: Errors

  /// What the caller is told of an error; nil for what a refused caller is told.
  ///
  /// - Throws: `CancellationError` when the caller has given up and nobody listens.
  private func excuse(_ error: any Error) throws -> RPCError? {
    guard !Task.isCancelled else { throw CancellationError() }
    if error is RefusedCall { return nil }
    if let error = error as? RPCError { return error }
    journal.failed(context, error)
    return .unspecified
  }
}
