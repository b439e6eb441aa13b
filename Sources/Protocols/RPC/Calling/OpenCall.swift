import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf

/// One call on the caller's side, after the gate let it pass.
struct OpenCall: Sendable {
  let stream: any PeerStream
  let context: P2PContext
  let authorization: any CallAuthorization
  let permit: RPCSemaphore.Permit
  let maximumLength: Int
  let journal: CallJournal

  /// Ends the call, orderly or with an abort, which stops the peer's handler.
  func end(_ error: (any Error)?) {
    error == nil ? stream.close() : stream.reset()
    permit.release()
    if let refusal = error as? Refusal { journal.refused(context, refusal) }
  }

  // MARK: Unary

  /// Sends the request of a unary call and waits for its response.
  func exchange<Request: Message, Response: Message>(_ request: Request) async throws -> Response {
    var random = SystemRandomNumberGenerator()
    let callID = random.bytes(UnaryEnvelope.callIDLength)
    var caller = UnaryCaller(protocolID: context.handleName, callID: callID)
    try await stream.write(try caller.request(try await authorization.sign(request).serializedBytes()))
    while let bytes = try await stream.read(upTo: .max) {
      guard let body = try caller.receive(bytes) else { continue }
      let response = try Response(record: ByteBuffer(bytes: body))
      try await authorization.verify(response)
      return response
    }
    throw CallError(.noAnswer, "the peer ended the call without an answer")
  }

  // MARK: Streams

  /// Sends the one request of a streaming call.
  func begin<Request: Message, Response: Message>(with request: Request) async throws -> MessageStream<Response> {
    let inlet = inlet(of: Response.self)
    do {
      var bytes = try await writer(of: Request.self).record(request)
      bytes.writeImmutableBuffer(StreamRecord.endOfInput)
      try await stream.write(bytes)
      return MessageStream(inlet: inlet)
    } catch {
      throw inlet.fail(error)
    }
  }

  /// Sends the requests of a streaming call while the responses are read.
  func begin<Requests: AsyncSequence & Sendable, Response: Message>(
    sending requests: Requests
  ) -> MessageStream<Response> where Requests.Element: Message {
    let inlet = inlet(of: Response.self)
    let pump = Task { [weak inlet, writer = writer(of: Requests.Element.self), stream] in
      do {
        try await writer.write(contentsOf: requests)
        try await stream.write(StreamRecord.endOfInput)
      } catch is StreamError {
        // The responses say how the call ended: a callee may answer without having read all requests.
      } catch {
        inlet?.fail(error)
      }
    }
    inlet.onEnd { error in
      pump.cancel()
      end(error)
    }
    return MessageStream(inlet: inlet)
  }

  private func inlet<Response: Message>(of _: Response.Type) -> MessageInlet<Response> {
    let inlet = MessageInlet<Response>(
      stream, from: .callee, maximumLength: maximumLength, authorization: authorization)
    inlet.onEnd(end)
    return inlet
  }

  private func writer<Request: Message>(of _: Request.Type) -> MessageWriter<Request> {
    MessageWriter(stream: stream, authorization: authorization, maximumLength: maximumLength)
  }
}
