import Foundation
import Logging
import NIOCore
import Synchronization

/// The socket on which a client takes streams of peers, in a folder that is this user's alone.
final class ClientStreams: Sendable {
  /// The longest message that says what a stream is.
  private static let infoLength = 4 << 10

  private struct State {
    var handlers: [String: ControlClient.StreamHandler] = [:]
    var listening: Task<(ControlListener, Multiaddr, String), any Error>?
    var isClosed = false
  }

  private let configuration: ControlClient.Configuration
  private let resources: ResourceManager
  private let closeIsAbort: Bool
  private let node: PeerCredentials?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - closeIsAbort: as ``LocalSocket/adopt(_:_:closeIsAbort:resources:)`` has it.
  ///   - node: whose user is let in besides the superuser; nil for this process's user.
  init(
    configuration: ControlClient.Configuration, resources: ResourceManager, closeIsAbort: Bool, node: PeerCredentials?
  ) {
    self.configuration = configuration
    self.resources = resources
    self.closeIsAbort = closeIsAbort
    self.node = node
  }

  /// Adds a handler; false if there is one.
  func add(_ name: String, _ handler: @escaping ControlClient.StreamHandler) -> Bool {
    state.withLock { state in
      guard state.handlers[name] == nil else { return false }
      state.handlers[name] = handler
      return true
    }
  }

  func remove(_ name: String) { state.withLock { $0.handlers[name] = nil } }

  /// Where it listens, from the first call on.
  ///
  /// - Throws: ``ControlError`` `control.listen` or `control.closed`.
  func listen() async throws -> Multiaddr {
    let task = try state.withLock { state in
      guard !state.isClosed else { throw ControlError(.closed, "the client was closed") }
      if let task = state.listening { return task }
      let task = Task { try await self.open() }
      state.listening = task
      return task
    }
    do {
      return try await task.value.1
    } catch {
      state.withLock { if $0.listening == task { $0.listening = nil } }
      throw error
    }
  }

  /// Takes the socket away; streams that are open go on.
  func close() {
    let task = state.withLock { state in
      state.isClosed = true
      defer { state.listening = nil }
      return state.listening
    }
    guard let task else { return }
    Task {
      guard let (listener, _, folder) = try? await task.value else { return }
      await listener.close()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private func open() async throws -> (ControlListener, Multiaddr, String) {
    let folder = "\(configuration.folder)/p2p-\(UUID().uuidString.prefix(8))"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ControlError(.listen, "\(folder) can't be made: \(error.localizedDescription)")
    }
    let path = "\(folder)/streams.sock"
    do {
      let address = try Multiaddr([.unix(path)])
      let listener = try await ControlListener.open(
        ControlConfiguration(path: path), on: configuration.eventLoopGroup
      ) { [weak self, resources, closeIsAbort] channel in
        self?.take(try LocalSocket.adopt(channel, .inbound, closeIsAbort: closeIsAbort, resources: resources))
      }
      return (listener, address, folder)
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  // MARK: Streams

  private func take(_ socket: LocalSocket) {
    let task = Task {
      do {
        try await self.serve(socket)
        socket.close()
      } catch {
        self.configuration.logger.debug("a stream was not served to its end: \(error)")
        socket.reset()
      }
    }
    socket.run(task)
  }

  private func serve(_ socket: LocalSocket) async throws {
    let caller = try await socket.credentials()
    guard caller?.uid == node?.uid ?? PeerCredentials.ownUser || caller?.uid == 0 else {
      throw ControlError(.notPermitted, "user \(caller?.uid ?? 0) is not the node's")
    }
    socket.setDeadline(.now() + TimeAmount(configuration.limits.acceptTime))
    let (info, rest) = try await readInfo(socket)
    socket.setDeadline(nil)
    guard let handler = state.withLock({ $0.handlers[info.protocol] }) else {
      throw ControlError(.refused, "nobody handles \(info.protocol.quotedForLog())")
    }
    try await handler(try ControlStream(info, socket, early: rest))
  }

  private func readInfo(_ socket: LocalSocket) async throws -> (PBControlStreamInfo, ByteBuffer) {
    var frames = FrameDecoder(maximumLength: Self.infoLength)
    while let bytes = try await socket.read() {
      frames.append(bytes)
      if let info = try frames.next(PBControlStreamInfo.self) { return (info, frames.takeRest()) }
    }
    throw ControlError(.closed, "the node closed a stream before it said what it is")
  }
}
