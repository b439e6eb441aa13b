public import LibP2P
public import NIOCore
import Synchronization

/// One end of a stream that does not leave the process: of an ``InProcessNetwork`` or a ``LoopbackNode``.
public final class InProcessStream: PeerStream {
  public let peer: PeerID
  private let incoming: InProcessLane
  private let outgoing: InProcessLane
  private let deadline = Mutex<Task<Void, Never>?>(nil)

  private init(peer: PeerID, incoming: InProcessLane, outgoing: InProcessLane) {
    self.peer = peer
    self.incoming = incoming
    self.outgoing = outgoing
  }

  /// Both ends of a new stream.
  static func pair(_ opener: PeerID, _ other: PeerID) -> (near: InProcessStream, far: InProcessStream) {
    let (there, back) = (InProcessLane(), InProcessLane())
    return (
      InProcessStream(peer: other, incoming: back, outgoing: there),
      InProcessStream(peer: opener, incoming: there, outgoing: back)
    )
  }

  /// Has a handler serve the far end of a new stream.
  ///
  /// - Returns: the near end.
  static func open(
    from opener: PeerID, to other: PeerID, _ handler: @escaping @Sendable (any PeerStream) async throws -> Void
  ) -> InProcessStream {
    let (near, far) = pair(opener, other)
    far.run(
      Task {
        do {
          try await handler(far)
          far.close()
        } catch {
          far.reset()
        }
      })
    return near
  }

  deinit {
    deadline.withLock { $0?.cancel() }
    outgoing.hasFinished ? close() : reset()
  }

  public var peerKey: PublicKey? { peer.publicKey }

  public func read(upTo limit: Int) async throws -> ByteBuffer? { try await incoming.read(upTo: max(1, limit)) }

  public func write(_ bytes: ByteBuffer) async throws {
    guard bytes.readableBytes > 0 else { return }
    try await outgoing.write(bytes)
  }

  public func closeWrite() { outgoing.finish() }

  public func close() {
    outgoing.finish()
    incoming.abandon()
  }

  public func reset() { abort(StreamError(.closed, "the stream was aborted by this side")) }

  public func setDeadline(in time: Duration?) {
    let task = time.map { time in
      Task { [weak self] in
        guard (try? await Task.sleep(for: time)) != nil else { return }
        self?.abort(StreamError(.deadline, "the deadline of the stream passed"))
      }
    }
    let earlier = deadline.withLock { deadline in
      defer { deadline = task }
      return deadline
    }
    earlier?.cancel()
  }

  public func cancelHandlerWhenPeerFinishes(orSends: Bool) {
    incoming.cancelTaskWhenFinished(orSends: orSends)
  }

  /// Ties the task that serves this end to the stream: it is cancelled when the stream is aborted.
  func run(_ task: Task<Void, Never>) { incoming.run(task) }

  private func abort(_ error: StreamError) {
    let reset = StreamError(.reset, "the peer aborted the stream")
    incoming.fail(reader: error, writer: reset)
    outgoing.fail(reader: reset, writer: error)
  }
}
