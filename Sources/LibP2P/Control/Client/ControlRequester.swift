import NIOCore
import SwiftProtobuf

/// Makes requests of a node, each on a connection of its own, as p2pd's clients do.
struct ControlRequester: Sendable {
  let address: Multiaddr
  let configuration: ControlClient.Configuration
  let resources: ResourceManager
  var closeIsAbort = false

  /// Makes a request and reads its answer.
  ///
  /// - Parameter time: how long it may take.
  /// - Throws: ``ControlError`` `control.refused` with the node's words, `control.unreachable`, `control.timeout`,
  ///   `control.malformed`.
  func ask(_ request: PBControlRequest, within time: Duration? = nil) async throws -> PBControlResponse {
    let (response, socket, _) = try await begin(request, within: time)
    socket.close()
    return response
  }

  /// Makes a request whose answer makes the connection something else.
  ///
  /// - Returns: the answer, the connection, and what came behind the answer.
  /// - Throws: as ``ask(_:within:)``.
  func begin(
    _ request: PBControlRequest, within time: Duration? = nil
  ) async throws -> (PBControlResponse, LocalSocket, ByteBuffer) {
    let time = time ?? configuration.requestTime
    let socket = try await LocalSocket.connect(
      to: address, within: TimeAmount(time), closeIsAbort: closeIsAbort, resources: resources,
      on: configuration.eventLoopGroup)
    do {
      return try await Deadline.run(time) {
        try await socket.write(FrameDecoder.frame(message: request))
        var frames = FrameDecoder(maximumLength: configuration.limits.messageLength)
        while let bytes = try await socket.read() {
          frames.append(bytes)
          guard let response = try frames.next(PBControlResponse.self) else { continue }
          guard response.kind == .ok else { throw ControlError(refused: response.error.message) }
          return (response, socket, frames.takeRest())
        }
        throw ControlError(.closed, "the node closed the connection without an answer")
      }
    } catch let error as StreamError {
      socket.reset()
      throw ControlError(.closed, "the node broke the connection: \(error.message)")
    } catch {
      socket.reset()
      throw error
    }
  }
}
