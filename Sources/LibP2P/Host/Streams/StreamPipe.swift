import DequeModule
import NIOCore

/// The buffers between a stream's task and its connection, as a value: what arrived and was not read, and how
/// much is queued to be sent.
struct StreamPipe {
  /// Queued bytes from which a writer waits, and down to which it waits.
  static let highWatermark = 512 << 10
  static let lowWatermark = 256 << 10
  /// Bytes taken by the reader are reported to flow control in portions of at least this size.
  static let reportSize = 4 << 10
  /// Memory is reserved in steps of this size, so that small messages don't touch the ledger.
  static let memoryStep = 16 << 10
  /// Smaller pieces are copied together: a slice keeps the whole buffer alive that it was cut from, so that one
  /// unread byte could cost the 64 KiB around it.
  private static let smallestSlice = 16 << 10

  private var chunks = Deque<ByteBuffer>()
  private(set) var unread = 0
  private var unreported = 0
  private(set) var hasEnded = false
  /// Why nothing goes any more, in either direction.
  private(set) var failure: (any LibP2PError)?
  private(set) var queued = 0
  private(set) var writeClosed = false

  /// What a read finds.
  enum Read {
    case bytes(ByteBuffer)
    case end
    case failed(any LibP2PError)
    case wait
  }

  /// Bytes to reserve for both buffers.
  var memory: Int {
    let bytes = unread + queued
    return bytes == 0 ? 0 : (bytes + Self.memoryStep - 1) / Self.memoryStep * Self.memoryStep
  }

  // MARK: The connection's side

  /// Keeps bytes that arrived.
  mutating func append(_ bytes: ByteBuffer) {
    unread += bytes.readableBytes
    guard bytes.readableBytes < Self.smallestSlice else { return chunks.append(bytes) }
    if var last = chunks.popLast() {
      if last.readableBytes < Self.smallestSlice {
        last.writeImmutableBuffer(bytes)
        chunks.append(last)
        return
      }
      chunks.append(last)
    }
    chunks.append(ByteBuffer(bytes: bytes.readableBytesView))
  }

  /// Notes that the peer will send no more.
  mutating func end() { if failure == nil { hasEnded = true } }

  /// Ends both directions. What arrived before stays readable only if the peer had finished, because then it is
  /// whole; an abort must never look like a normal end.
  mutating func fail(_ error: any LibP2PError) {
    guard failure == nil else { return }
    failure = error
    queued = 0
    if !hasEnded { discard() }
  }

  /// Drops what is unread.
  mutating func discard() {
    chunks.removeAll()
    unread = 0
  }

  /// Notes that queued bytes went out.
  mutating func sent(_ bytes: Int) { queued = max(0, queued - bytes) }

  // MARK: The task's side

  /// Takes what is there, at most `limit` bytes of it.
  mutating func read(upTo limit: Int) -> Read {
    guard var chunk = chunks.popFirst() else {
      if hasEnded { return .end }
      return failure.map(Read.failed) ?? .wait
    }
    if chunk.readableBytes > limit, let head = chunk.readSlice(length: limit) {
      chunks.prepend(chunk)
      chunk = head
    }
    unread -= chunk.readableBytes
    unreported += chunk.readableBytes
    return .bytes(chunk)
  }

  /// The bytes read since the last report, once they are worth one.
  mutating func takeReport(always: Bool = false) -> Int? {
    guard unreported > 0, always || unreported >= Self.reportSize else { return nil }
    defer { unreported = 0 }
    return unreported
  }

  /// Charges bytes to be sent.
  ///
  /// - Throws: ``StreamError`` `stream.closed` after ``closeWrite()``, or the failure of the stream.
  mutating func queue(_ bytes: Int) throws {
    if let failure { throw failure }
    guard !writeClosed else { throw StreamError(.closed, "the stream is closed for writing") }
    queued += bytes
  }

  /// Whether a writer has to wait for what it queued.
  var isFull: Bool { failure == nil && queued > Self.highWatermark }

  /// Whether a waiting writer may go on.
  var hasRoom: Bool { failure != nil || queued <= Self.lowWatermark }

  /// Ends writing; false if it had ended before.
  mutating func closeWrite() -> Bool {
    defer { writeClosed = true }
    return !writeClosed && failure == nil
  }
}
