public import NIOCore
import Synchronization

/// One stream of bytes to and from a peer, whose other half the node has. Like ``P2PStream`` to its user.
public final class ControlStream: Sendable {
  /// The authenticated peer at the other end.
  public let peer: PeerID
  /// The peer's end of its connection with the node; nil if it is of a kind that is not known here.
  public let remoteAddress: Multiaddr?
  /// What both sides agreed to speak.
  public let protocolID: String
  private let socket: LocalSocket
  private let early: Mutex<ByteBuffer>
  /// The process at the other end, on the node's side.
  private let server: PeerCredentials?

  /// - Parameter server: the process that serves the stream, on the node's side.
  /// - Throws: ``ControlError`` `control.malformed` if the node does not say what the stream is.
  init(
    _ info: PBControlStreamInfo, _ socket: LocalSocket, early: ByteBuffer, servedBy server: PeerCredentials? = nil
  ) throws(ControlError) {
    guard let peer = try? PeerID(bytes: info.peer) else {
      throw ControlError(.malformed, "the node does not say whose a stream is")
    }
    self.peer = peer
    remoteAddress = try? Multiaddr(bytes: info.address)
    protocolID = info.protocol
    self.socket = socket
    self.early = Mutex(early)
    self.server = server
  }

  /// Reads what has arrived, waiting for at least one byte; nil when the peer has finished.
  ///
  /// A p2pd can't tell its clients of an abort, so with one an abort looks like an end.
  /// - Parameter limit: the most bytes to return.
  /// - Throws: ``StreamError``, `CancellationError`; on the node's side ``ControlError`` `control.client-died` when the
  ///   process that served the stream has ended in the middle of it.
  public func read(upTo limit: Int = .max) async throws -> ByteBuffer? {
    let bytes = early.withLock { early in early.readSlice(length: min(max(1, limit), early.readableBytes)) }
    if let bytes, bytes.readableBytes > 0 { return bytes }
    if let bytes = try await socket.read(upTo: limit) { return bytes }
    if server?.isExiting == true { throw ControlError(.clientDied, "the client's process ended") }
    return nil
  }

  /// Reads exactly `count` bytes.
  ///
  /// - Throws: ``StreamError`` `stream.truncated` if the peer finishes before, and what ``read(upTo:)`` throws.
  public func read(exactly count: Int) async throws -> ByteBuffer {
    var bytes = ByteBuffer()
    while bytes.readableBytes < count {
      guard var piece = try await read(upTo: count - bytes.readableBytes) else {
        throw StreamError(.truncated, "the stream ended after \(bytes.readableBytes) of \(count) bytes")
      }
      bytes.writeBuffer(&piece)
    }
    return bytes
  }

  /// Queues bytes, and waits while too many are.
  ///
  /// - Throws: ``StreamError``, ``ResourceLimitError``, `CancellationError`.
  public func write(_ bytes: ByteBuffer) async throws { try await socket.write(bytes) }

  /// Ends this side's direction behind what is queued. A p2pd takes it for the end of both (mesh-wire.md §2.4).
  public func closeWrite() { socket.closeWrite() }

  /// Ends the stream orderly: what is queued goes out, what still comes is dropped.
  public func close() { socket.close() }

  /// Gives the stream up. The peer sees an end, for a socket can say no more.
  public func reset() { socket.reset() }

  /// Gives the stream up at `deadline`; nil takes the deadline away.
  public func setDeadline(_ deadline: NIODeadline?) { socket.setDeadline(deadline) }

  /// From now on, cancels the task that serves this stream as soon as the peer ends its direction.
  ///
  /// - Parameter orSends: cancels it also for any byte that the peer sends from now on.
  public func cancelHandlerWhenPeerFinishes(orSends: Bool = false) {
    socket.cancelTaskWhenPeerFinishes(orSends: orSends)
  }
}
