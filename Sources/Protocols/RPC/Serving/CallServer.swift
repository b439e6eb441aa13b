import LibP2P
import NIOCore
import Synchronization

/// Serves one procedure on one node: judges each caller, keeps to the limits, then lets the handler work.
final class CallServer: Sendable {
  private let handler: RPCHandler
  private let name: HandleName
  private let localID: PeerID
  private let gate: Gate
  private let journal: CallJournal
  private let limits: CallLimits
  private let slots: Mutex<CallSlots>

  init(_ handler: RPCHandler, name: HandleName, localID: PeerID, gate: Gate, configuration: RPCConfiguration) {
    self.handler = handler
    self.name = name
    self.localID = localID
    self.gate = gate
    journal = CallJournal(configuration)
    limits = handler.limits ?? configuration.limits
    slots = Mutex(CallSlots(limits: limits))
  }

  /// Serves one call, to its end. Returning finishes the stream, throwing aborts it.
  @Sendable
  func serve(_ stream: any PeerStream) async throws {
    let context = P2PContext(
      handleName: name.text, localID: localID, remoteID: stream.peer, remoteKey: stream.peerKey, role: .servicer)
    if let farewell = try await serve(stream, context) { try await stream.write(farewell) }
  }

  /// Gives the call's place back before its caller learns that it is over, so that the next one finds it free.
  private func serve(_ stream: any PeerStream, _ context: P2PContext) async throws -> ByteBuffer? {
    let admission = await admit(context)
    defer { if case .success = admission { slots.withLock { $0.leave(context.remoteID) } } }
    return try await handler.serve(
      ServedCall(
        stream: stream, context: context, admission: admission, limits: limits, journal: journal,
        placement: handler.placement))
  }

  private func admit(_ context: P2PContext) async -> Result<any CallAuthorization, any Error> {
    do throws(Refusal) {
      let authorization = try await gate.admit(context)
      guard slots.withLock({ $0.enter(context.remoteID) }) else {
        return .failure(RPCError("too many calls at a time"))
      }
      return .success(authorization)
    } catch {
      journal.refused(context, error)
      return .failure(RefusedCall(refusal: error))
    }
  }
}
