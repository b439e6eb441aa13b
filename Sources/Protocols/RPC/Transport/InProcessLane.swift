import DequeModule
import LibP2P
import NIOCore
import Synchronization

/// One direction of an ``InProcessStream``: bytes from a writer to a reader, who wait for each other.
final class InProcessLane: Sendable {
  /// Unread bytes from which a writer waits, and down to which it waits; as with ``P2PStream``.
  static let highWatermark = 256 << 10
  static let lowWatermark = 128 << 10

  private struct State {
    var chunks = Deque<ByteBuffer>()
    var unread = 0
    var hasFinished = false
    var isAbandoned = false
    /// What either side is told, once the lane is aborted.
    var failure: (reader: StreamError, writer: StreamError)?
    var reader: (continuation: CheckedContinuation<ByteBuffer?, any Error>, limit: Int)?
    var writer: CheckedContinuation<Void, any Error>?
    /// The task that serves the reader's end, and what cancels it besides an abort.
    var task: Task<Void, Never>?
    var isCancelledByFinish = false
    var isCancelledByBytes = false

    /// What a read finds; nil if it has to wait.
    mutating func take(upTo limit: Int) -> Result<ByteBuffer?, any Error>? {
      guard var chunk = chunks.popFirst() else {
        return hasFinished ? .success(nil) : failure.map { .failure($0.reader) }
      }
      if chunk.readableBytes > limit, let head = chunk.readSlice(length: limit) {
        chunks.prepend(chunk)
        chunk = head
      }
      unread -= chunk.readableBytes
      return .success(chunk)
    }

    mutating func discard() {
      chunks.removeAll()
      unread = 0
    }

    /// Lets everybody go on who need not wait any longer.
    mutating func settle() -> Wake {
      var wake = Wake()
      if failure != nil || isCancelledByFinish && hasFinished || isCancelledByBytes && unread > 0 { wake.lost = task }
      if let waiting = reader, let result = take(upTo: waiting.limit) {
        wake.reader = (waiting.continuation, result)
        reader = nil
      }
      if let waiting = writer, failure != nil || unread <= lowWatermark {
        wake.writer = (waiting, failure.map { .failure($0.writer) } ?? .success(()))
        writer = nil
      }
      return wake
    }
  }

  /// Whom a change lets go on, to be told outside of the lock.
  private struct Wake {
    var reader: (continuation: CheckedContinuation<ByteBuffer?, any Error>, result: Result<ByteBuffer?, any Error>)?
    var writer: (continuation: CheckedContinuation<Void, any Error>, result: Result<Void, any Error>)?
    var lost: Task<Void, Never>?

    func run() {
      lost?.cancel()
      reader?.continuation.resume(with: reader?.result ?? .success(nil))
      writer?.continuation.resume(with: writer?.result ?? .success(()))
    }
  }

  private let state = Mutex(State())

  var hasFinished: Bool { state.withLock(\.hasFinished) }

  private func change(_ body: (inout State) -> Void) {
    let wake = state.withLock { state in
      body(&state)
      return state.settle()
    }
    wake.run()
  }

  // MARK: The writer's side

  func write(_ bytes: ByteBuffer) async throws {
    let (wake, isFull) = try state.withLock { state -> (Wake, Bool) in
      if let failure = state.failure { throw failure.writer }
      guard !state.hasFinished else { throw StreamError(.closed, "the stream is closed for writing") }
      guard state.writer == nil else { throw StreamError(.concurrentUse, "two tasks write one stream") }
      if !state.isAbandoned {
        state.chunks.append(bytes)
        state.unread += bytes.readableBytes
      }
      return (state.settle(), state.unread > Self.highWatermark)
    }
    wake.run()
    if isFull { try await room() }
  }

  private func room() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
        change { state in
          guard !Task.isCancelled else { return writer.resume(throwing: CancellationError()) }
          state.writer = writer
        }
      }
    } onCancel: {
      let writer = state.withLock { state in
        defer { state.writer = nil }
        return state.writer
      }
      writer?.resume(throwing: CancellationError())
    }
  }

  func finish() { change { state in if state.failure == nil { state.hasFinished = true } } }

  // MARK: The reader's side

  func read(upTo limit: Int) async throws -> ByteBuffer? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<ByteBuffer?, any Error>) in
        change { state in
          guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
          guard state.reader == nil else {
            return continuation.resume(throwing: StreamError(.concurrentUse, "two tasks read one stream"))
          }
          state.reader = (continuation, limit)
        }
      }
    } onCancel: {
      let reader = state.withLock { state in
        defer { state.reader = nil }
        return state.reader
      }
      reader?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Drops what is unread and what still comes.
  func abandon() {
    change { state in
      state.isAbandoned = true
      state.discard()
    }
  }

  func run(_ task: Task<Void, Never>) { change { $0.task = task } }

  func cancelTaskWhenFinished(orSends: Bool) {
    change { state in
      state.isCancelledByFinish = true
      state.isCancelledByBytes = orSends
    }
  }

  // MARK: Both

  /// Aborts the lane. What was written before a finish stays readable, for it is whole.
  func fail(reader: StreamError, writer: StreamError) {
    change { state in
      guard state.failure == nil else { return }
      state.failure = (reader, writer)
      if !state.hasFinished { state.discard() }
    }
  }
}
