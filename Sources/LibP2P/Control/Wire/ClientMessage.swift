import Foundation
import SwiftProtobuf

/// What a client sends over a persistent connection, with its fields checked.
enum ClientMessage: Equatable, Sendable {
  case addHandler(CallID, String, isBalanced: Bool)
  case removeHandler(CallID, String)
  case call(CallID, PeerID, String, Data)
  /// The answer to a call that was handed to the client; its text if the handler failed.
  case answer(CallID, UnaryAnswer)
  case cancel(CallID)
  /// What can't be done, and the answer.
  case refused(CallID, String)

  /// - Throws: ``ControlError`` `control.malformed` for what no answer can name.
  init(_ message: PBControlPersistentRequest) throws(ControlError) {
    guard let id = CallID(message.callID) else {
      throw ControlError(.malformed, "a call id has \(message.callID.count) bytes, not \(CallID.length)")
    }
    switch message.content {
    case .addUnaryHandler(let handler) where ControlRequest.isName(handler.protocol):
      self = .addHandler(id, handler.protocol, isBalanced: handler.balanced)
    case .addUnaryHandler: self = .refused(id, "Malformed request; a protocol has no good name")
    case .removeUnaryHandler(let handler): self = .removeHandler(id, handler.protocol)
    case .call(let call):
      guard let peer = try? PeerID(bytes: call.peer), ControlRequest.isName(call.protocol) else {
        self = .refused(id, "Malformed request; no good peer or protocol")
        return
      }
      self = .call(id, peer, call.protocol, call.body)
    case .result(let result):
      guard let answer = UnaryAnswer(result) else {
        throw ControlError(.malformed, "an answer holds neither a response nor an error")
      }
      self = .answer(id, answer)
    case .cancel: self = .cancel(id)
    case nil: throw ControlError(.malformed, "a message is empty")
    }
  }
}
