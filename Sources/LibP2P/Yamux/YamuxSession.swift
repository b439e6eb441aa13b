import DequeModule
import NIOCore

/// A Yamux session as a value: bytes and requests in, events and bytes out, no I/O and no clock
/// (yamux specification; peers' habits in mesh-wire.md §1.3 and subnet-wire.md §1.4).
///
/// Whatever the peer does, the session holds at most ``YamuxLimits``: answers to it are flags of a stream
/// or entries of one bounded queue, and unread bytes never exceed the windows granted.
struct YamuxSession {
  /// Which side of the connection this is; it decides the parity of stream ids.
  enum Role {
    case dialer, listener
  }

  private let limits: YamuxLimits
  private var streams: [UInt32: YamuxStream] = [:]
  private var nextID: UInt64
  private var inboundCount = 0
  private var pings: TokenBucket
  private var resets: TokenBucket
  private var idleFrames: TokenBucket

  private var reader = YamuxFrameReader()
  /// Whose body is arriving; bodies of frames that were refused go nowhere.
  private var body: (stream: UInt32, finishes: Bool)?

  private var control = Deque<YamuxFrame>()
  private var ready = Deque<UInt32>()
  /// Streams whose SYN waits until the peer acknowledged earlier ones.
  private var unopened = Deque<UInt32>()
  private var unacknowledged = 0

  private var grown = 0
  private var afterlife = YamuxAfterlife()
  private var keepalive: YamuxKeepalive
  private var grantDue: NIODeadline?
  private var localGoAway = false
  private var remoteGoAway = false
  private var hasFailed = false

  /// Bytes delivered and not consumed, over all streams.
  private(set) var unreadBytes = 0

  init(role: Role, limits: YamuxLimits = YamuxLimits(), now: NIODeadline) {
    self.limits = limits
    nextID = role == .dialer ? 1 : 2
    pings = limits.pings
    resets = limits.resets
    idleFrames = limits.idleFrames
    keepalive = YamuxKeepalive(limits: limits, now: now)
  }

  /// Streams that are not forgotten yet.
  var streamCount: Int { streams.count }

  /// Whether nothing is left to do after a go-away of either side.
  var isDrained: Bool { (localGoAway || remoteGoAway) && streams.isEmpty && control.isEmpty }

  /// Whether ``drain(into:target:)`` may have something to say.
  var hasOutput: Bool { !control.isEmpty || !ready.isEmpty || !unopened.isEmpty && canOpen }

  private var canOpen: Bool { unacknowledged < limits.acknowledgementBacklog }

  // MARK: Requests of our side

  /// Opens a stream. Its SYN goes out as soon as the acknowledgement backlog permits.
  ///
  /// - Throws: ``YamuxError`` `yamux.gone-away` or `yamux.stream-limit`.
  mutating func open(now: NIODeadline) throws(YamuxError) -> UInt32 {
    guard !localGoAway, !remoteGoAway, !hasFailed else {
      throw YamuxError(.goneAway, "the connection takes no more streams")
    }
    guard streams.count - inboundCount < limits.outboundStreams, let id = UInt32(exactly: nextID) else {
      throw YamuxError(.streamLimit, "the connection has \(streams.count) streams open")
    }
    nextID += 2
    streams[id] = YamuxStream(id: id, opening: .synQueued, now: now)
    schedule(id)
    return id
  }

  /// Queues bytes. How much may be queued is the owner's to bound; ``YamuxEvent/sent(_:_:)`` tells of progress.
  ///
  /// - Throws: ``YamuxError`` `yamux.stream-closed`, or `yamux.frame-exceeds-window` for a whole frame.
  mutating func write(
    _ bytes: ByteBuffer, to id: UInt32, framing: WriteFraming = .split
  ) throws(YamuxError) {
    guard let index = streams.index(forKey: id) else {
      throw YamuxError(.streamClosed, "stream \(id) has ended")
    }
    try streams.values[index].enqueue(bytes, framing)
    schedule(id)
  }

  /// Ends our direction of a stream after what is queued.
  mutating func finish(_ id: UInt32) {
    streams[id]?.finish()
    schedule(id)
  }

  /// Aborts a stream in both directions and forgets it.
  mutating func reset(_ id: UInt32) -> [YamuxEvent] {
    guard let stream = forget(id), stream.opening != .synQueued else { return [] }
    var events: [YamuxEvent] = []
    answer(YamuxFrame(.windowUpdate, .rst, stream: id), &events)
    return events
  }

  /// Resets a stream that the peer has just opened and that there is no room for; too many end the session.
  mutating func refuse(_ id: UInt32, now: NIODeadline) -> [YamuxEvent] {
    var events = reset(id)
    countIdle(now, &events)
    return events
  }

  /// Says that the reader took `bytes` of a stream, so that the peer may send as many more.
  mutating func consume(_ id: UInt32, bytes: Int, now: NIODeadline) {
    guard let index = streams.index(forKey: id) else { return }
    let taken = min(bytes, streams.values[index].unread)
    unreadBytes -= taken
    streams.values[index].consume(taken)
    let stream = streams.values[index]
    guard stream.grant >= stream.window / 2 else {
      if stream.grant > 0, grantDue == nil { grantDue = now + limits.grantDelay }
      return
    }
    if let roundTrip = keepalive.roundTrip, now - stream.lastGrant < roundTrip * YamuxLimits.growthRoundTrips {
      let window = min(stream.window * 2, limits.maximumWindow)
      let growth = window - stream.window
      if growth > 0, grown + growth <= limits.windowGrowth {
        grown += growth
        streams.values[index].window = window
      }
    }
    grantNow(index, now)
  }

  /// Takes no more streams and tells the peer so; those that are open go on.
  mutating func goAway() {
    guard !localGoAway else { return }
    localGoAway = true
    control.append(YamuxFrame(.goAway, length: 0))
  }

  // MARK: Time

  /// When ``timerFired(now:)`` wants to be called.
  var nextDeadline: NIODeadline { min(keepalive.deadline, grantDue ?? .distantFuture) }

  /// Sends and judges keepalives, and grants what was consumed slowly.
  mutating func timerFired(now: NIODeadline) -> [YamuxEvent] {
    var events: [YamuxEvent] = []
    if let due = grantDue, due <= now {
      grantDue = nil
      for index in streams.indices where streams.values[index].grant > 0 { grantNow(index, now) }
    }
    do throws(YamuxError) {
      if let value = try keepalive.timerFired(now: now) {
        control.append(YamuxFrame(.ping, .syn, length: value))
      }
    } catch {
      fail(error, &events)
    }
    return events
  }

  // MARK: Bytes in

  /// Takes decrypted bytes, in any portions. Nothing is looked at after a failure.
  mutating func receive(_ bytes: ByteBuffer, now: NIODeadline) -> [YamuxEvent] {
    var events: [YamuxEvent] = []
    var input = bytes
    keepalive.heard(now: now)
    do throws(YamuxError) {
      while !hasFailed, let part = try reader.next(&input) {
        switch part {
        case .frame(let frame): handle(frame, now, &events)
        case .body(let piece, let isLast): deliver(piece, isLast, &events)
        }
      }
    } catch {
      fail(error, &events)
    }
    return events
  }

  private mutating func handle(_ frame: YamuxFrame, _ now: NIODeadline, _ events: inout [YamuxEvent]) {
    body = nil
    switch frame.kind {
    case .ping:
      handlePing(frame, now, &events)
    case .goAway:
      guard !remoteGoAway else { return countIdle(now, &events) }
      remoteGoAway = true
      events.append(.goneAway(frame.length))
    case .data, .windowUpdate:
      guard frame.stream != 0 else {
        return fail(YamuxError(.streamID, "a stream's frame addresses the session"), &events)
      }
      handleStream(frame, now, &events)
    }
  }

  private mutating func handlePing(_ frame: YamuxFrame, _ now: NIODeadline, _ events: inout [YamuxEvent]) {
    if frame.flags.contains(.syn) {
      guard pings.take(now: now) else { return fail(YamuxError(.flood, "too many PINGs"), &events) }
      answer(YamuxFrame(.ping, .ack, length: frame.length), &events)
    } else if frame.flags.contains(.ack), let time = keepalive.answered(frame.length, now: now) {
      events.append(.roundTrip(time))
    } else {
      countIdle(now, &events)
    }
  }

  private mutating func handleStream(_ frame: YamuxFrame, _ now: NIODeadline, _ events: inout [YamuxEvent]) {
    let id = frame.stream
    if frame.kind == .data, Int(frame.length) > limits.maximumWindow {
      return fail(YamuxError(.windowExceeded, "a frame announces \(frame.length) bytes"), &events)
    }
    if frame.flags.contains(.rst) { return handleReset(frame, now, &events) }
    if frame.flags.contains(.syn), !admit(id, now, &events) { return }
    guard let index = streams.index(forKey: id) else { return handleStray(frame, now, &events) }
    if frame.flags.contains(.ack), streams.values[index].opening == .synSent {
      streams.values[index].opening = .done
      unacknowledged -= 1
    }
    switch frame.kind {
    case .windowUpdate:
      if !streams.values[index].credit(Int(frame.length)), frame.flags.isEmpty { countIdle(now, &events) }
      schedule(id)
      if frame.flags.contains(.fin) { finishReceiving(id, &events) }
    case .data:
      handleData(frame, index, now, &events)
    case .ping, .goAway: break
    }
  }

  private mutating func handleData(
    _ frame: YamuxFrame, _ index: Dictionary<UInt32, YamuxStream>.Index, _ now: NIODeadline,
    _ events: inout [YamuxEvent]
  ) {
    let finishes = frame.flags.contains(.fin)
    if frame.length == 0 {
      if frame.flags.isEmpty { countIdle(now, &events) }
      if finishes { finishReceiving(frame.stream, &events) }
    } else if streams.values[index].remoteFinished {
      // Bytes after the end: only this stream is suspect, so only it pays.
      events += reset(frame.stream)
      events.append(.reset(frame.stream))
      countIdle(now, &events)
    } else if streams.values[index].charge(Int(frame.length)) {
      body = (frame.stream, finishes)
    } else {
      fail(YamuxError(.windowExceeded, "stream \(frame.stream) got more than its window"), &events)
    }
  }

  private mutating func deliver(_ piece: ByteBuffer, _ isLast: Bool, _ events: inout [YamuxEvent]) {
    guard let body, let index = streams.index(forKey: body.stream) else { return }
    streams.values[index].deliver(piece.readableBytes)
    unreadBytes += piece.readableBytes
    events.append(.received(body.stream, piece))
    if isLast, body.finishes { finishReceiving(body.stream, &events) }
  }

  /// Takes up a stream of the peer; false if it was refused or breaks the protocol.
  private mutating func admit(_ id: UInt32, _ now: NIODeadline, _ events: inout [YamuxEvent]) -> Bool {
    guard !isOurs(id), streams[id] == nil else {
      fail(YamuxError(.streamID, "the peer opens stream \(id), which is not free for it"), &events)
      return false
    }
    guard !localGoAway, inboundCount < limits.inboundStreams else {
      answer(YamuxFrame(.windowUpdate, .rst, stream: id), &events)
      countIdle(now, &events)
      return false
    }
    inboundCount += 1
    streams[id] = YamuxStream(id: id, opening: .ackQueued, now: now)
    events.append(.opened(id))
    schedule(id)
    return true
  }

  private mutating func handleReset(_ frame: YamuxFrame, _ now: NIODeadline, _ events: inout [YamuxEvent]) {
    let id = frame.stream
    guard let stream = forget(id) else { return handleStray(frame, now, &events) }
    // go-libp2p resets a stream that both sides are done with, so only a reset of unfinished work counts.
    if !isOurs(id), !stream.finQueued, !resets.take(now: now) {
      return fail(YamuxError(.flood, "too many streams were opened and reset"), &events)
    }
    events.append(.reset(id))
  }

  private mutating func finishReceiving(_ id: UInt32, _ events: inout [YamuxEvent]) {
    guard let index = streams.index(forKey: id), !streams.values[index].remoteFinished else { return }
    streams.values[index].finishReceiving()
    events.append(.finished(id))
    if streams.values[index].isClosed {
      forget(id)
      events.append(.closed(id))
    }
  }

  private mutating func handleStray(_ frame: YamuxFrame, _ now: NIODeadline, _ events: inout [YamuxEvent]) {
    if !afterlife.covers(frame) { countIdle(now, &events) }
  }

  private mutating func countIdle(_ now: NIODeadline, _ events: inout [YamuxEvent]) {
    if !idleFrames.take(now: now) { fail(YamuxError(.flood, "too many frames without effect"), &events) }
  }

  // MARK: Bytes out

  /// Appends frames to `out` until it holds `target` bytes or nothing is left; streams take turns by frame.
  ///
  /// Only a first frame may overshoot `target`. To call it only while the transport takes bytes is the back-pressure.
  mutating func drain(into out: inout some FrameOutput, target: Int) -> [YamuxEvent] {
    var events: [YamuxEvent] = []
    while out.readableBytes < target {
      if let frame = control.popFirst() {
        out.append(frame)
      } else if canOpen, let id = unopened.popFirst() {
        takeTurn(id, &out, &events)
      } else if let id = ready.first {
        guard out.readableBytes == 0 || out.readableBytes + (streams[id]?.turnLength ?? 0) <= target else { break }
        ready.removeFirst()
        if streams[id]?.opening == .synQueued, !canOpen || !unopened.isEmpty {
          unopened.append(id)
        } else {
          takeTurn(id, &out, &events)
        }
      } else {
        break
      }
    }
    return events
  }

  private mutating func takeTurn(_ id: UInt32, _ out: inout some FrameOutput, _ events: inout [YamuxEvent]) {
    guard let index = streams.index(forKey: id) else { return }
    if streams.values[index].opening == .synQueued { unacknowledged += 1 }
    streams.values[index].isScheduled = false
    let sent = streams.values[index].emit(into: &out)
    if sent > 0 { events.append(.sent(id, sent)) }
    if streams.values[index].isClosed {
      forget(id)
      events.append(.closed(id))
    } else {
      schedule(id)
    }
  }

  private mutating func schedule(_ id: UInt32) {
    guard let index = streams.index(forKey: id) else { return }
    guard !streams.values[index].isScheduled, streams.values[index].hasWork else { return }
    streams.values[index].isScheduled = true
    ready.append(id)
  }

  private mutating func grantNow(_ index: Dictionary<UInt32, YamuxStream>.Index, _ now: NIODeadline) {
    streams.values[index].grantQueued = true
    streams.values[index].lastGrant = now
    schedule(streams.keys[index])
  }

  @discardableResult
  private mutating func forget(_ id: UInt32) -> YamuxStream? {
    guard let stream = streams.removeValue(forKey: id) else { return nil }
    if isOurs(id) {
      if stream.opening == .synSent { unacknowledged -= 1 }
    } else {
      inboundCount -= 1
    }
    afterlife.add(stream)
    unreadBytes -= stream.unread
    grown -= stream.window - YamuxLimits.initialWindow
    return stream
  }

  private func isOurs(_ id: UInt32) -> Bool { id % 2 == UInt32(truncatingIfNeeded: nextID % 2) }

  /// Queues a frame that the peer provoked, or ends the session when it reads no answers.
  private mutating func answer(_ frame: YamuxFrame, _ events: inout [YamuxEvent]) {
    guard control.count < limits.controlFrames else {
      return fail(
        YamuxError(.controlQueue, "\(control.count) answers wait for the peer to read them"), &events)
    }
    control.append(frame)
  }

  private mutating func fail(_ error: YamuxError, _ events: inout [YamuxEvent]) {
    guard !hasFailed else { return }
    hasFailed = true
    localGoAway = true
    control = [YamuxFrame(.goAway, length: error.isMisbehaviour ? 1 : 0)]
    ready.removeAll()
    unopened.removeAll()
    events.append(.failed(error))
  }
}
