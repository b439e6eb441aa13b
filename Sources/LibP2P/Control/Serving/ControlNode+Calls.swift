import Foundation
import NIOCore
import SwiftProtobuf

/// Unary calls between peers and clients. Between peers, one envelope goes each way (mesh-wire.md §2.2); the ids on
/// both sides of the node are different ones, so that neither peers nor clients can hit the calls of others.
extension ControlNode {
  // MARK: A peer calls a client

  /// Hands a call to the client whose turn it is, and its answer back.
  func handOnCall(_ stream: P2PStream) async throws {
    stream.setDeadline(.now() + TimeAmount(limits.requestTime))
    // What is no request gets no answer, only the end, as from p2pd.
    guard let (callID, call) = try await readCall(stream) else { return }
    stream.setDeadline(.now() + TimeAmount(limits.callTime))
    stream.cancelHandlerWhenPeerFinishes(orSends: true)
    let answer = try await ask(stream.protocolID, from: stream.peer, call.body)
    guard let result = answer.result else {
      throw ControlError(.closed, "the client gave no answer to a call of \(stream.peer)")
    }
    try await stream.write(
      FrameDecoder.frame(
        message: PBControlPersistentRequest.with {
          $0.callID = callID
          $0.result = result
        }))
  }

  private func ask(_ name: String, from peer: PeerID, _ body: Data) async throws -> UnaryAnswer {
    var reason = ControlError(.refused, "no client handles \(name.quotedForLog()) any more")
    for owner in turn(name, .unary) {
      guard case .link(let number) = owner, let link = link(number) else { continue }
      let id = CallID.random()
      do {
        return try await link.ask(
          id, FrameDecoder.frame(message: DaemonMessage.call(id, from: peer, name, body).message)
        ) { FrameDecoder.frame(message: DaemonMessage.cancel(id).message) }
      } catch let error as ControlError where error.kind == .busy {
        // Nothing was sent; another client may have room.
        reason = error
      }
    }
    throw reason
  }

  /// The request of a peer, and nothing behind it; nil if it sends anything else.
  private func readCall(_ stream: P2PStream) async throws -> (Data, PBControlUnaryCall)? {
    var frames = FrameDecoder(maximumLength: limits.messageLength)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      do throws(ControlError) {
        guard let envelope = try frames.next(PBControlPersistentRequest.self) else { continue }
        guard case .call(let call)? = envelope.content, call.protocol == stream.protocolID,
          envelope.callID.count == CallID.length, frames.takeRest().readableBytes == 0
        else { return nil }
        return (envelope.callID, call)
      } catch {
        return nil
      }
    }
    return nil
  }

  // MARK: A client calls a peer

  /// Calls a peer for a client.
  ///
  /// - Returns: how it ended, in words for the client.
  func call(_ peer: PeerID, _ name: String, _ body: Data) async -> UnaryAnswer {
    do {
      return try await exchange(peer, name, body)
    } catch is CancellationError {
      return .cancelled
    } catch {
      return Task.isCancelled ? .cancelled : .daemonError(DaemonText.of(error, opening: [name]))
    }
  }

  private func exchange(_ peer: PeerID, _ name: String, _ body: Data) async throws -> UnaryAnswer {
    try await gate.admit(ControlPassage(direction: .outbound, peer: peer, protocolID: name))
    let stream = try await Deadline.run(limits.dialTime) { try await self.host.openStream(to: peer, [name]) }
    do {
      stream.setDeadline(.now() + TimeAmount(limits.callTime))
      let callID = CallID.random().bytes
      try await stream.write(
        FrameDecoder.frame(
          message: PBControlPersistentRequest.with {
            $0.callID = callID
            // The callee goes by the connection; the field has to be there all the same.
            $0.call = .with { ($0.peer, $0.protocol, $0.body) = (Data(peer.bytes), name, body) }
          }))
      // Nothing more is sent before the answer: anything would cancel the call.
      let answer = try await readAnswer(stream)
      stream.close()
      return answer
    } catch {
      stream.reset()
      throw error
    }
  }

  private func readAnswer(_ stream: P2PStream) async throws -> UnaryAnswer {
    var frames = FrameDecoder(maximumLength: limits.messageLength)
    while let bytes = try await stream.read() {
      frames.append(bytes)
      guard let envelope = try frames.next(PBControlPersistentRequest.self) else { continue }
      guard case .result(let result)? = envelope.content, let answer = UnaryAnswer(result) else {
        throw ControlError(.malformed, "the peer's answer holds neither a response nor an error")
      }
      return answer
    }
    return .daemonError("EOF")
  }
}
