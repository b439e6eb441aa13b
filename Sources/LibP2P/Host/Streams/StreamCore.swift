import NIOCore
import Synchronization

/// One stream between its task and its connection's event loop: the pipe, and who waits at its ends.
///
/// The event loop calls the upper half, the task (through ``P2PStream``) the lower one. Neither waits for the
/// other's thread; commands go through the connection's mailbox in batches.
final class StreamCore: Sendable {
  private struct State {
    var pipe = StreamPipe()
    var reader: CheckedContinuation<ByteBuffer?, any Error>?
    var readLimit = Int.max
    var writer: CheckedContinuation<Void, any Error>?
    var task: Task<Void, Never>?
    /// What of the peer cancels the task, besides an abort.
    var isCancelledByFinish = false
    var isCancelledByBytes = false
    var isAbandoned = false
    /// Bytes that went out in all.
    var sent: UInt64 = 0
    /// The session and the handler's task: the stream counts until both are done with it, so that resetting a
    /// stream does not make room for the next one while its handler still works (CVE-2023-44487).
    var holders = 1

    /// The task, if it has to be cancelled.
    var lostTask: Task<Void, Never>? {
      let hasUnwanted = isCancelledByBytes && pipe.unread > 0 && reader == nil
      return pipe.failure != nil || isCancelledByFinish && pipe.hasEnded || hasUnwanted ? task : nil
    }
  }

  let id: UInt32
  let direction: Direction
  private let resources: ResourceScope
  private let mailbox: ConnectionMailbox
  private let state = Mutex(State())

  init(id: UInt32, direction: Direction, resources: ResourceScope, mailbox: ConnectionMailbox) {
    self.id = id
    self.direction = direction
    self.resources = resources
    self.mailbox = mailbox
  }

  // MARK: The event loop's half

  /// Keeps bytes that arrived, for ``wakeReader()`` to hand on.
  ///
  /// - Throws: ``ResourceLimitError`` when there is no memory for them: abort the stream.
  func deliver(_ bytes: ByteBuffer) throws(ResourceLimitError) {
    let lostTask = try state.withLock { state throws(ResourceLimitError) -> Task<Void, Never>? in
      guard !state.isAbandoned, state.pipe.failure == nil else { return nil }
      state.pipe.append(bytes)
      // A reader that waits takes them in this turn of the event loop.
      if state.reader == nil { try resources.hold(memory: state.pipe.memory) }
      return state.lostTask
    }
    lostTask?.cancel()
  }

  /// Hands what was delivered to the waiting reader.
  ///
  /// - Returns: bytes consumed so far that flow control does not know of.
  func wakeReader() -> Int {
    var woken: (reader: CheckedContinuation<ByteBuffer?, any Error>, chunk: ByteBuffer)?
    let (consumed, lostTask) = state.withLock { state in
      if let reader = state.reader, case .bytes(let chunk) = state.pipe.read(upTo: state.readLimit) {
        state.reader = nil
        woken = (reader, chunk)
        releaseMemory(state.pipe)
      }
      return (state.pipe.takeReport(always: true) ?? 0, state.lostTask)
    }
    lostTask?.cancel()
    if let woken { woken.reader.resume(returning: woken.chunk) }
    return consumed
  }

  /// Notes the peer's FIN.
  func finish() {
    _ = wakeReader()
    let (reader, lostTask) = state.withLock { state in
      state.pipe.end()
      defer { state.reader = nil }
      return (state.reader, state.lostTask)
    }
    lostTask?.cancel()
    reader?.resume(returning: nil)
  }

  /// Ends both directions for everybody who waits, and cancels the handler.
  func fail(_ error: any LibP2PError) {
    // What came before the end comes first, though it came with it.
    _ = wakeReader()
    let (reader, writer, task) = state.withLock { state in
      state.pipe.fail(error)
      releaseMemory(state.pipe)
      defer { (state.reader, state.writer) = (nil, nil) }
      return (state.reader, state.writer, state.task)
    }
    reader?.resume(throwing: error)
    writer?.resume(throwing: error)
    task?.cancel()
  }

  /// Notes that queued bytes went out.
  func sent(_ bytes: Int) {
    let writer = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      state.pipe.sent(bytes)
      state.sent += UInt64(bytes)
      releaseMemory(state.pipe)
      guard state.pipe.hasRoom else { return nil }
      defer { state.writer = nil }
      return state.writer
    }
    writer?.resume()
  }

  /// Adds the handler's task to those who hold the stream's place in the limits.
  func retain() { state.withLock { $0.holders += 1 } }

  /// Gives the place back when the session and the task have both called it.
  func release() {
    let isLast = state.withLock { state in
      state.holders -= 1
      return state.holders == 0
    }
    if isLast { resources.close() }
  }

  /// Enters the stream under its protocol.
  func settle(_ protocolID: String, _ peer: PeerID) throws(ResourceLimitError) {
    try resources.settle(in: [.protocol(protocolID), .protocolPeer(protocolID, peer)])
  }

  // MARK: The task's half

  /// Binds the life of the handler's task to the stream's.
  func run(_ task: Task<Void, Never>) {
    let lostTask = state.withLock { state in
      state.task = task
      return state.lostTask
    }
    lostTask?.cancel()
  }

  func cancelTaskWhenPeerFinishes(orSends: Bool) {
    let lostTask = state.withLock { state in
      state.isCancelledByFinish = true
      state.isCancelledByBytes = orSends
      return state.lostTask
    }
    lostTask?.cancel()
  }

  func read(upTo limit: Int) async throws -> ByteBuffer? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { reader in
        var report: Int?
        let result = state.withLock { state -> Result<ByteBuffer?, any Error>? in
          guard !Task.isCancelled else { return .failure(CancellationError()) }
          guard state.reader == nil else {
            return .failure(StreamError(.concurrentUse, "two tasks read one stream"))
          }
          switch state.pipe.read(upTo: limit) {
          case .bytes(let bytes):
            releaseMemory(state.pipe)
            report = state.pipe.takeReport()
            return .success(bytes)
          case .end: return .success(nil)
          case .failed(let error): return .failure(error)
          case .wait:
            state.reader = reader
            state.readLimit = limit
            return nil
          }
        }
        if let report { mailbox.post(.consumed(id, report)) }
        if let result { reader.resume(with: result) }
      }
    } onCancel: {
      let reader = state.withLock { state in
        defer { state.reader = nil }
        return state.reader
      }
      reader?.resume(throwing: CancellationError())
    }
  }

  func write(_ bytes: ByteBuffer, framing: WriteFraming) async throws {
    let isFull = try state.withLock { state in
      guard state.writer == nil else { throw StreamError(.concurrentUse, "two tasks write one stream") }
      try state.pipe.queue(bytes.readableBytes)
      do {
        try resources.hold(memory: state.pipe.memory)
      } catch {
        state.pipe.sent(bytes.readableBytes)
        throw error
      }
      return state.pipe.isFull
    }
    if framing == .split {
      mailbox.post(.write(id, bytes))
    } else {
      try await withCheckedThrowingContinuation { done in
        mailbox.post(.writeFrame(id, bytes, framing, done))
      }
    }
    if isFull { try await room() }
  }

  /// Queues bytes without waiting for room, unless more than `limit` would be queued then.
  ///
  /// - Returns: whether they were queued.
  func offer(_ bytes: ByteBuffer, limit: Int) throws -> Bool {
    let hasRoom = try state.withLock { state in
      guard state.pipe.queued + bytes.readableBytes <= limit else { return false }
      try state.pipe.queue(bytes.readableBytes)
      do {
        try resources.hold(memory: state.pipe.memory)
      } catch {
        state.pipe.sent(bytes.readableBytes)
        throw error
      }
      return true
    }
    if hasRoom { mailbox.post(.write(id, bytes)) }
    return hasRoom
  }

  /// Waits until the peer has taken enough of what is queued.
  private func room() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { writer in
        let result = state.withLock { state -> Result<Void, any Error>? in
          if let failure = state.pipe.failure { return .failure(failure) }
          guard !Task.isCancelled else { return .failure(CancellationError()) }
          guard !state.pipe.hasRoom else { return .success(()) }
          state.writer = writer
          return nil
        }
        if let result { writer.resume(with: result) }
      }
    } onCancel: {
      let writer = state.withLock { state in
        defer { state.writer = nil }
        return state.writer
      }
      writer?.resume(throwing: CancellationError())
    }
  }

  func closeWrite() {
    if state.withLock({ $0.pipe.closeWrite() }) { mailbox.post(.finish(id)) }
  }

  /// Ends writing orderly and takes nothing more from the peer.
  func abandon() {
    closeWrite()
    let isNew = state.withLock { state in
      defer { state.isAbandoned = true }
      guard !state.isAbandoned, state.pipe.failure == nil else { return false }
      state.pipe.discard()
      releaseMemory(state.pipe)
      return true
    }
    if isNew { mailbox.post(.abandoned(id)) }
  }

  /// Queued bytes that have not gone out.
  var queued: Int { state.withLock(\.pipe.queued) }

  /// Bytes that have gone out in all.
  var sentCount: UInt64 { state.withLock(\.sent) }

  /// Aborts both directions.
  func reset(_ error: StreamError = StreamError(.closed, "the stream was aborted by this side")) {
    let isNew = state.withLock { $0.pipe.failure == nil }
    fail(error)
    if isNew { mailbox.post(.reset(id)) }
  }

  /// Ends a stream that nobody holds any more: orderly if writing was ended, otherwise by an abort, since what
  /// was written may be incomplete.
  func forget() {
    if state.withLock(\.pipe.writeClosed) { abandon() } else { reset() }
  }

  func setDeadline(_ deadline: NIODeadline?) { mailbox.post(.deadline(id, deadline)) }

  /// Less memory never exceeds a limit.
  private func releaseMemory(_ pipe: StreamPipe) { try? resources.hold(memory: pipe.memory) }
}
