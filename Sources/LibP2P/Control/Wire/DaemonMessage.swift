import Foundation

/// What a node sends over a persistent connection.
enum DaemonMessage: Equatable, Sendable {
  /// A peer calls a handler of the client.
  case call(CallID, from: PeerID, String, Data)
  /// The answer to a request of the client.
  case answer(CallID, UnaryAnswer)
  /// The answer to a request was cancelled, or the caller of a handler has gone.
  case cancel(CallID)

  /// - Throws: ``ControlError`` `control.malformed`.
  init(_ message: PBControlPersistentResponse) throws(ControlError) {
    guard let id = CallID(message.callID) else {
      throw ControlError(.malformed, "a call id has \(message.callID.count) bytes, not \(CallID.length)")
    }
    switch message.content {
    case .call(let call):
      guard let peer = try? PeerID(bytes: call.peer) else {
        throw ControlError(.malformed, "a call names no good peer")
      }
      self = .call(id, from: peer, call.protocol, call.body)
    case .result(let result):
      self = .answer(id, UnaryAnswer(result) ?? .daemonError("the answer is empty"))
    case .daemonError(let error): self = .answer(id, .daemonError(error.message))
    case .cancel: self = .cancel(id)
    case nil: self = .answer(id, .done)
    }
  }

  /// As it goes over the wire.
  var message: PBControlPersistentResponse {
    .with {
      switch self {
      case .call(let id, let peer, let name, let body):
        $0.callID = id.bytes
        $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(peer.bytes), name, body) }
      case .answer(let id, let answer):
        $0.callID = id.bytes
        switch answer {
        case .response, .failure: if let result = answer.result { $0.result = result }
        case .daemonError(let text): $0.daemonError = .with { $0.message = text }
        case .cancelled: $0.cancel = PBControlCancel()
        case .done: break
        }
      case .cancel(let id):
        $0.callID = id.bytes
        $0.cancel = PBControlCancel()
      }
    }
  }
}
