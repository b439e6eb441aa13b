import Foundation
public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Shares a node's identity from another process, through the node's control socket or that of a p2pd: calls peers,
/// and handles what they call.
///
/// Any task may use it. It ends with ``close()``, at the latest when it is forgotten, or with the node; its handlers
/// end with it.
public final class ControlClient: Sendable {
  /// What a client is made from.
  public struct Configuration: Sendable {
    /// What the node may make this process hold.
    public var limits = ControlLimits()
    /// How long the node may take for a request that needs no peer.
    public var requestTime = Duration.seconds(10)
    /// Where the socket for streams of peers is made, in a folder of its own.
    public var folder = FileManager.default.temporaryDirectory.path
    public var logger = Logger(label: "libp2p.control.client")
    /// Where sockets are served.
    public var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    public init() {}
  }

  /// A unary call of a peer.
  public struct Call: Sendable {
    /// The peer that calls; the node authenticated it.
    public let peer: PeerID
    /// The handler's name.
    public let protocolID: String
    /// The request.
    public let body: ByteBuffer
  }

  /// Answers a unary call. Its task is cancelled when the caller gives up. Of an error the caller learns nothing but
  /// that there was one, unless it is a ``ControlHandlerError``.
  public typealias UnaryHandler = @Sendable (Call) async throws -> ByteBuffer

  /// Serves a stream that a peer opened: returning finishes it, throwing aborts it. Its task is cancelled when the
  /// stream is aborted.
  public typealias StreamHandler = @Sendable (ControlStream) async throws -> Void

  /// The node's peer id, which is this client's.
  public let peerID: PeerID
  let address: Multiaddr
  let configuration: Configuration
  let resources: ResourceManager
  let halfCloses: Bool
  let link: PersistentLink
  let unaryHandlers = Mutex<[String: UnaryHandler]>([:])
  let streams: ClientStreams
  private let reader: Mutex<Task<Void, Never>?> = Mutex(nil)
  private let watch: Task<Void, Never>

  /// Connects with a node.
  ///
  /// - Parameter address: of its control socket: `/unix/…`, or a loopback TCP address of a p2pd.
  /// - Throws: ``ControlError`` `control.unreachable`, `control.refused`, `control.timeout`, `control.malformed`.
  public static func connect(
    to address: Multiaddr, configuration: Configuration = Configuration()
  ) async throws -> ControlClient {
    let limits = configuration.limits
    let resources = LocalSocket.resources(
      connections: limits.connections, memory: limits.memory, perSocket: limits.queuedBytes + limits.messageLength)
    let requester = ControlRequester(address: address, configuration: configuration, resources: resources)
    let identity = try await requester.ask(.with { $0.kind = .identify }).identity
    guard let peer = try? PeerID(bytes: identity.peer) else {
      throw ControlError(.malformed, "the node does not say who it is")
    }
    let (_, socket, rest) = try await requester.begin(.with { $0.kind = .persistentConnUpgrade })
    let node = try await socket.credentials()
    let client = ControlClient(
      peer, address, configuration, resources, halfCloses: identity.halfCloses, socket: socket, node: node)
    client.read(rest)
    return client
  }

  private init(
    _ peerID: PeerID, _ address: Multiaddr, _ configuration: Configuration, _ resources: ResourceManager,
    halfCloses: Bool, socket: LocalSocket, node: PeerCredentials?
  ) {
    self.peerID = peerID
    self.address = address
    self.configuration = configuration
    self.resources = resources
    self.halfCloses = halfCloses
    let link = PersistentLink(socket, limits: configuration.limits)
    self.link = link
    streams = ClientStreams(configuration: configuration, resources: resources, closeIsAbort: halfCloses, node: node)
    watch = Task { await link.watch() }
  }

  deinit { end(ControlError(.closed, "the client was forgotten")) }

  /// Ends the client: its handlers are gone, its calls fail, streams that are open go on.
  public func close() { end(ControlError(.closed, "the client was closed")) }

  /// Waits until the connection with the node has ended, for whatever reason.
  ///
  /// - Returns: the reason.
  public func ended() async -> ControlError {
    await reader.withLock { $0 }?.value
    return link.ending ?? ControlError(.closed, "the client was closed")
  }

  private func end(_ error: ControlError) {
    link.close(error)
    watch.cancel()
    streams.close()
  }

  // MARK: What the node sends

  /// Reads the persistent connection, beginning with what came behind the upgrade.
  private func read(_ early: ByteBuffer) {
    let link = link
    // A message that the node passes on may be a little longer than the peer's, for the peer id in it.
    let length = configuration.limits.messageLength + configuration.limits.requestLength
    let task = Task { [weak self] in
      var frames = FrameDecoder(maximumLength: length)
      frames.append(early)
      do {
        while true {
          while let message = try frames.next(PBControlPersistentResponse.self) {
            try self?.take(try DaemonMessage(message))
          }
          guard let bytes = try await link.socket.read() else { break }
          frames.append(bytes)
        }
        link.close(ControlError(.closed, "the node has closed the connection"))
      } catch {
        link.close(error as? ControlError ?? ControlError(.closed, "the connection with the node has ended"))
      }
    }
    reader.withLock { $0 = task }
  }

  private func take(_ message: DaemonMessage) throws(ControlError) {
    switch message {
    case .call(let id, let peer, let name, let body):
      let handler = unaryHandlers.withLock { $0[name] }
      let call = Call(peer: peer, protocolID: name, body: ByteBuffer(bytes: body))
      let (limit, logger) = (configuration.limits.messageLength, configuration.logger)
      do throws(ControlError) {
        try link.serve(id, bytes: body.count) {
          let answer = await UnaryServing.answer(call, by: handler, logger: logger)
          return answer.map { UnaryServing.frame(id, $0, limit: limit) }
        }
      } catch {
        guard error.kind == .busy else { throw error }
        let busy = UnaryAnswer.failure(Data("RuntimeError('too many calls at a time')".utf8))
        link.send(UnaryServing.frame(id, busy, limit: limit))
      }
    case .answer(let id, let answer): link.settle(id, answer)
    case .cancel(let id):
      link.cancel(id)
      link.settle(id, .cancelled)
    }
  }
}
