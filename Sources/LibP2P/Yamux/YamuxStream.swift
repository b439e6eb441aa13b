import DequeModule
import NIOCore

/// One stream's part of a ``YamuxSession``: its flow control and what waits to be sent.
struct YamuxStream {
  /// How far the opening has come.
  enum Opening { case synQueued, synSent, ackQueued, done }

  private struct Write {
    var bytes: ByteBuffer
    var isWhole: Bool
  }

  let id: UInt32
  var opening: Opening
  /// Whether the session's send queue holds this stream.
  var isScheduled = false

  /// Bytes the peer allows us to send; below zero after a write beyond the window.
  private(set) var sendCredit = YamuxLimits.initialWindow
  /// Bytes sent for which no credit came back.
  private(set) var uncredited = 0
  private var queue = Deque<Write>()
  private(set) var queuedBytes = 0
  private(set) var finQueued = false
  private(set) var finSent = false

  /// The window this stream aims at, in bytes.
  var window = YamuxLimits.initialWindow
  /// Bytes the peer may still send.
  private(set) var receiveCredit = YamuxLimits.initialWindow
  /// Bytes handed to the reader's buffer that it has not taken.
  private(set) var unread = 0
  private(set) var remoteFinished = false
  var lastGrant: NIODeadline
  var grantQueued = false

  init(id: UInt32, opening: Opening, now: NIODeadline) {
    self.id = id
    self.opening = opening
    lastGrant = now
  }

  var isClosed: Bool { finSent && remoteFinished }

  /// Whether a turn would send something.
  var hasWork: Bool {
    if opening == .synQueued || opening == .ackQueued || grantQueued && grant > 0 { return true }
    guard let next = queue.first else { return finQueued && !finSent }
    return next.isWhole || sendCredit > 0
  }

  /// Bytes that were consumed and are not granted again yet.
  var grant: Int { remoteFinished ? 0 : max(0, window - receiveCredit - unread) }

  // MARK: Sending

  mutating func enqueue(_ bytes: ByteBuffer, _ framing: WriteFraming) throws(YamuxError) {
    guard !finQueued else { throw YamuxError(.streamClosed, "stream \(id) is closed for writing") }
    // What waits before it will have used its part of the window.
    let room = max(0, sendCredit - queuedBytes)
    if framing == .whole, bytes.readableBytes > room {
      throw YamuxError(
        .frameExceedsWindow, "\(bytes.readableBytes) bytes don't fit the window of \(room) in one frame")
    }
    guard bytes.readableBytes > 0 else { return }
    queue.append(Write(bytes: bytes, isWhole: framing != .split))
    queuedBytes += bytes.readableBytes
  }

  mutating func finish() { finQueued = true }

  /// Takes the peer's credit; false if it gives more than was spent, which growing windows do now and then.
  mutating func credit(_ bytes: Int) -> Bool {
    sendCredit = min(sendCredit + bytes, Int(UInt32.max))
    defer { uncredited = max(0, uncredited - bytes) }
    return bytes > 0 && bytes <= uncredited
  }

  /// The most that the next turn appends, in bytes.
  var turnLength: Int { 4 * YamuxFrame.headerLength + (queue.first.map(bodyLength) ?? 0) }

  private func bodyLength(_ write: Write) -> Int {
    write.isWhole
      ? write.bytes.readableBytes : min(write.bytes.readableBytes, YamuxLimits.maximumSentBody, max(0, sendCredit))
  }

  /// Appends this turn's frames to `out`: at most one with a body.
  ///
  /// - Returns: the body's length.
  mutating func emit(into out: inout some FrameOutput) -> Int {
    switch opening {
    case .synQueued:
      out.append(YamuxFrame(.windowUpdate, .syn, stream: id))
      opening = .synSent
    case .ackQueued:
      out.append(YamuxFrame(.windowUpdate, .ack, stream: id))
      opening = .done
    case .synSent, .done: break
    }
    if grantQueued {
      grantQueued = false
      if grant > 0 {
        out.append(YamuxFrame(.windowUpdate, stream: id, length: UInt32(clamping: grant)))
        receiveCredit += grant
      }
    }
    let sent = emitBody(into: &out)
    if queue.isEmpty, finQueued, !finSent {
      out.append(YamuxFrame(.windowUpdate, .fin, stream: id))
      finSent = true
    }
    return sent
  }

  private mutating func emitBody(into out: inout some FrameOutput) -> Int {
    guard var write = queue.popFirst() else { return 0 }
    let length = bodyLength(write)
    if length > 0, let body = write.bytes.readSlice(length: length) {
      out.append(YamuxFrame(.data, stream: id, length: UInt32(clamping: length)))
      out.append(body: body)
      sendCredit -= length
      uncredited += length
      queuedBytes -= length
    }
    if write.bytes.readableBytes > 0 { queue.prepend(write) }
    return length
  }

  // MARK: Receiving

  /// Charges a frame's body to the window; false if it is longer than what was granted.
  mutating func charge(_ bytes: Int) -> Bool {
    guard bytes <= receiveCredit else { return false }
    receiveCredit -= bytes
    return true
  }

  mutating func deliver(_ bytes: Int) { unread += bytes }

  mutating func consume(_ bytes: Int) { unread = max(0, unread - bytes) }

  mutating func finishReceiving() { remoteFinished = true }
}
