import Foundation
import NIOCore

/// Streams of peers that are handed to sockets of clients.
extension ControlNode {
  /// Dials the client whose turn it is, tells it what comes, and joins the two.
  func handOnStream(_ stream: P2PStream) async throws {
    var reason = ControlError(.refused, "no client handles \(stream.protocolID.quotedForLog()) any more")
    for owner in turn(stream.protocolID, .stream) {
      guard case .listener(let address) = owner else { continue }
      do throws(ControlError) {
        let (socket, client) = try await dial(address)
        try? await socket.write(FrameDecoder.frame(message: PBControlStreamInfo(stream)))
        return try await join(stream, socket, client)
      } catch {
        guard error.kind == .unreachable else { throw error }
        // Whoever listened there is gone without a word.
        configuration.logger.info("the handler of \(stream.protocolID.quotedForLog()) is gone: \(error)")
        forget(owner)
        reason = error
      }
    }
    throw reason
  }

  /// Opens a stream of the node, for itself or for a peer, with the client whose turn it is.
  ///
  /// - Throws: ``ControlError`` `control.refused` if there is none, `control.not-permitted`, `control.busy`.
  func openOwnStream(_ name: String, for peer: PeerID) async throws(ControlError) -> ControlStream {
    for owner in turn(name, .stream) {
      guard case .listener(let address) = owner else { continue }
      do throws(ControlError) {
        let (socket, client) = try await dial(address)
        var info = PBControlStreamInfo(ownStream: name, of: peer, at: configuration.path)
        try? await socket.write(FrameDecoder.frame(message: info))
        info.peer = Data(host.peerID.bytes)
        return try ControlStream(info, socket, early: ByteBuffer(), servedBy: client)
      } catch {
        guard error.kind == .unreachable else { throw error }
        forget(owner)
      }
    }
    throw ControlError(.refused, "no client handles \(name.quotedForLog())")
  }

  private func dial(_ address: Multiaddr) async throws(ControlError) -> (LocalSocket, PeerCredentials?) {
    do {
      let socket = try await LocalSocket.connect(
        to: address, within: TimeAmount(limits.acceptTime), resources: resources, on: host.configuration.eventLoopGroup)
      let client = try await socket.credentials()
      guard admits(client) else {
        socket.reset()
        throw ControlError(.notPermitted, "user \(client?.uid ?? 0) listens at \(address)")
      }
      return (socket, client)
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(.busy, "\(error)")
    }
  }

  /// Passes bytes between a stream and a client's socket until both directions have ended.
  ///
  /// An end goes on as an end and an abort as an abort, as far as a socket can say it: a client whose process dies
  /// aborts the stream, so that nobody takes what came for complete.
  func join(_ stream: P2PStream, _ socket: LocalSocket, _ client: PeerCredentials?) async throws(ControlError) {
    let toClient = Task<Void, Never> {
      do {
        while let bytes = try await stream.read() { try await socket.write(bytes) }
        socket.closeWrite()
      } catch {
        socket.reset()
      }
    }
    // When the client has closed its socket for good, nothing of the peer can be handed on.
    socket.run(toClient)
    do {
      while let bytes = try await socket.read() { try await stream.write(bytes) }
      if client?.isExiting == true { throw ControlError(.clientDied, "the client's process ended") }
      stream.closeWrite()
    } catch {
      toClient.cancel()
      socket.reset()
      stream.reset()
      await toClient.value
      throw error as? ControlError ?? ControlError(.closed, "the stream was aborted: \(DaemonText.of(error))")
    }
    await withTaskCancellationHandler {
      await toClient.value
    } onCancel: {
      toClient.cancel()
    }
    socket.close()
    stream.close()
  }
}
