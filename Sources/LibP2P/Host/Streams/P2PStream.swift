public import NIOCore

/// One stream of bytes to and from a peer, in one protocol.
///
/// Writing and reading may go on in two tasks, one each. A write returns once its bytes are queued; it waits
/// while more than a few hundred kilobytes are, so the peer's pace reaches the writer. Cancelling a task ends
/// its wait with `CancellationError` and leaves the stream as it is. A stream that is forgotten without
/// ``close()`` is aborted.
public final class P2PStream: Sendable {
  /// The connection the stream belongs to, and with it the authenticated peer.
  public let connection: P2PConnection
  /// What both sides agreed to speak.
  public let protocolID: String
  private let core: StreamCore

  init(_ core: StreamCore, protocolID: String, connection: P2PConnection) {
    self.core = core
    self.protocolID = protocolID
    self.connection = connection
  }

  deinit { core.forget() }

  /// The authenticated peer at the other end.
  public var peer: PeerID { connection.peer }

  /// Which side opened the stream.
  public var direction: Direction { core.direction }

  /// Reads what has arrived, waiting for at least one byte.
  ///
  /// Bytes that were read are granted to the peer again, so read as bytes come, not only when a whole message
  /// should be there.
  /// - Parameter limit: the most bytes to return.
  /// - Returns: nil when the peer has finished.
  /// - Throws: ``StreamError`` or what ended the connection; an abort never looks like an end.
  public func read(upTo limit: Int = .max) async throws -> ByteBuffer? {
    try await core.read(upTo: max(1, limit))
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

  /// Queues bytes to be sent.
  ///
  /// - Parameter framing: how they may be cut; matters only to peers that confuse frames and messages.
  /// - Throws: ``StreamError``, ``ResourceLimitError`` when the memory of a scope is used up, or
  ///   ``YamuxError`` `yamux.frame-exceeds-window` for a whole frame that doesn't fit.
  public func write(_ bytes: ByteBuffer, framing: WriteFraming = .split) async throws {
    guard bytes.readableBytes > 0 else { return }
    try await core.write(bytes, framing: framing)
  }

  /// Ends this side's direction behind what is queued. Reading goes on.
  public func closeWrite() { core.closeWrite() }

  /// Ends the stream orderly: what is queued goes out, what still comes is dropped.
  public func close() { core.abandon() }

  /// Aborts both directions; the peer learns that the stream is not complete.
  public func reset() { core.reset() }

  /// Aborts the stream with ``StreamError`` `stream.deadline` at `deadline`; nil takes the deadline away.
  public func setDeadline(_ deadline: NIODeadline?) { core.setDeadline(deadline) }

  /// From now on, cancels the task that serves this stream as soon as the peer ends its direction, even behind bytes
  /// that were not read. An abort always cancels it.
  ///
  /// - Parameter orSends: cancels it also for any byte that the peer sends from now on.
  public func cancelHandlerWhenPeerFinishes(orSends: Bool = false) {
    core.cancelTaskWhenPeerFinishes(orSends: orSends)
  }

  /// Ties `task` to the stream: it is cancelled when the stream is aborted or its connection ends.
  func run(_ task: Task<Void, Never>) { core.run(task) }
}
