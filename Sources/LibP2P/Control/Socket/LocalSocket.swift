import NIOCore
import NIOPosix

/// One connected socket on this machine: bytes in both directions, with the reading and writing of ``P2PStream``.
///
/// Where a peer's stream ends with a FIN, the socket is closed for writing; where it is aborted, the socket is closed,
/// which is all that a socket of this kind can say.
final class LocalSocket: Sendable {
  /// What was taken of the bytes queued, and what still waits.
  struct Progress: Equatable {
    var sent: UInt64
    var queued: Int
  }

  private let channel: any Channel
  private let core: StreamCore
  private let mailbox: ConnectionMailbox

  private init(_ channel: any Channel, _ core: StreamCore, _ mailbox: ConnectionMailbox) {
    self.channel = channel
    self.core = core
    self.mailbox = mailbox
  }

  deinit { core.forget() }

  /// Limits for the sockets of one server or client, as the ledger of streams knows them.
  static func resources(connections: Int, memory: Int, perSocket: Int) -> ResourceManager {
    var limits = ResourceLimits()
    limits.system = ResourceLimits.Scope(streams: connections, memory: memory)
    limits.stream = ResourceLimits.Scope(memory: perSocket)
    return ResourceManager(limits: limits)
  }

  /// Puts a channel to use, on its event loop, before it is active. It needs remote half-closure and no auto-read.
  ///
  /// - Parameter closeIsAbort: the other side closes the socket only for an abort, and closes it for writing at an
  ///   orderly end.
  /// - Throws: ``ResourceLimitError`` when there are too many; errors of the pipeline.
  static func adopt(
    _ channel: any Channel, _ direction: Direction, closeIsAbort: Bool = false, resources: ResourceManager
  ) throws -> LocalSocket {
    let scope = try resources.localStream(direction)
    let mailbox = ConnectionMailbox(eventLoop: channel.eventLoop)
    let core = StreamCore(id: 0, direction: direction, resources: scope, mailbox: mailbox)
    try channel.pipeline.syncOperations.addHandler(LocalSocketHandler(core, mailbox, closeIsAbort: closeIsAbort))
    return LocalSocket(channel, core, mailbox)
  }

  /// Connects with a socket on this machine.
  ///
  /// - Parameter address: `/unix/…`, or a TCP address of the loopback interface.
  /// - Throws: ``ControlError`` `control.unreachable`, ``ResourceLimitError``.
  static func connect(
    to address: Multiaddr, within time: TimeAmount, closeIsAbort: Bool = false, resources: ResourceManager,
    on group: any EventLoopGroup
  ) async throws -> LocalSocket {
    guard let target = address.localSocketAddress else {
      throw ControlError(.unreachable, "\(address) is not an address of this machine")
    }
    do {
      return try await ClientBootstrap(group: group)
        .connectTimeout(time)
        .channelOption(.autoRead, value: false)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(to: target) { channel in
          channel.eventLoop.makeCompletedFuture {
            try adopt(channel, .outbound, closeIsAbort: closeIsAbort, resources: resources)
          }
        }
    } catch let error as ResourceLimitError {
      throw error
    } catch {
      throw ControlError(.unreachable, "nobody answers at \(address)")
    }
  }

  // MARK: Bytes

  /// As ``P2PStream/read(upTo:)``.
  func read(upTo limit: Int = .max) async throws -> ByteBuffer? { try await core.read(upTo: max(1, limit)) }

  /// As ``P2PStream/write(_:framing:)``.
  func write(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    try await core.write(bytes, framing: .split)
  }

  /// Queues bytes without waiting, unless more than `limit` would be queued then; any task may.
  ///
  /// - Returns: whether they were queued.
  func offer(_ bytes: ByteBuffer, limit: Int) throws -> Bool { try core.offer(bytes, limit: limit) }

  /// How far the other side has read.
  var progress: Progress { Progress(sent: core.sentCount, queued: core.queued) }

  /// As ``P2PStream/setDeadline(_:)``.
  func setDeadline(_ deadline: NIODeadline?) { core.setDeadline(deadline) }

  // MARK: End

  func closeWrite() { core.closeWrite() }

  func close() { core.abandon() }

  func reset() { core.reset() }

  /// Cancels `task` when the socket has ended; its own orderly end counts, too.
  func run(_ task: Task<Void, Never>) { core.run(task) }

  /// As ``P2PStream/cancelHandlerWhenPeerFinishes(orSends:)``, for the task of ``run(_:)``.
  func cancelTaskWhenPeerFinishes(orSends: Bool) { core.cancelTaskWhenPeerFinishes(orSends: orSends) }

  /// Who is at the other end, as the kernel knows; nil for sockets of the internet.
  ///
  /// - Throws: ``ControlError`` `control.not-permitted` when the kernel doesn't say.
  func credentials() async throws -> PeerCredentials? {
    if channel.remoteAddress?.port != nil || channel.localAddress?.port != nil { return nil }
    return try await PeerCredentials.of(channel)
  }
}

extension Multiaddr {
  /// The socket of this machine that the address names; nil if it names any other.
  var localSocketAddress: SocketAddress? {
    if components.count == 1, case .unix(let path)? = components.first {
      return try? SocketAddress(unixDomainSocketPath: path)
    }
    return scope == .loopback && peerID == nil ? tcpEndpoint?.socketAddress : nil
  }
}
