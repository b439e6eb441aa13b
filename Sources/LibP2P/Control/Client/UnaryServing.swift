import Foundation
import Logging
import NIOCore

/// How a client answers the unary calls that its node hands to it.
enum UnaryServing {
  /// What the handler says to a call; nil once the caller has given up.
  static func answer(
    _ call: ControlClient.Call, by handler: ControlClient.UnaryHandler?, logger: Logger
  ) async -> UnaryAnswer? {
    guard let handler else { return .failure(Data("RuntimeError('there is no such handler')".utf8)) }
    do {
      let response = try await handler(call)
      return Task.isCancelled ? nil : .response(Data(response.readableBytesView))
    } catch let error as ControlHandlerError {
      return .failure(Data(error.text.utf8))
    } catch {
      guard !Task.isCancelled else { return nil }
      logger.warning("the handler of \(call.protocolID.quotedForLog()) failed for \(call.peer): \(error)")
      return .failure(Data("RuntimeError('internal error')".utf8))
    }
  }

  /// The answer on the wire. One that does not fit becomes an error: the caller must not wait forever.
  static func frame(_ id: CallID, _ answer: UnaryAnswer, limit: Int) -> ByteBuffer {
    let message = PBControlPersistentRequest.with {
      $0.callID = id.bytes
      $0.result = answer.result ?? PBControlUnaryResult.with { $0.error = Data() }
    }
    let body = message.encoded
    guard body.count > limit else { return FrameDecoder.frame(body) }
    return frame(id, .failure(Data("RuntimeError('the response is too long; use a stream')".utf8)), limit: limit)
  }
}
