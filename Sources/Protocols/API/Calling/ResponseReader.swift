import NIOCore

/// Reads one answer in either version, as a value.
struct ResponseReader: Sendable {
  /// Lengths at which py-libp2p cuts a unary answer: what fits its largest frame.
  static let suspectUnaryLengths: Set = [65_524]
  /// Lengths at which py-libp2p gives up a streamed answer that is not read for five seconds.
  static let suspectStreamLengths: Set = [128_000, 4_194_304]

  /// Nil in version 1.0.0, where all is body.
  private var frames: AnswerReader?
  private var piece: ByteBuffer?
  private var count = 0
  private let maximum: Int
  private let suspectLengths: Set<Int>
  /// Whether the answer is whole.
  private(set) var isOver = false
  /// Whether the answer is as long as answers are that the peer's software cut.
  private(set) var isSuspect = false

  /// - Parameters:
  ///   - maximum: the longest body, in bytes.
  ///   - suspectLengths: lengths at which the peer's software is known to cut.
  init(_ version: ApiVersion, maximum: Int, suspectLengths: Set<Int> = []) {
    frames = version == .framed ? AnswerReader() : nil
    self.maximum = maximum
    self.suspectLengths = suspectLengths
  }

  /// Takes what arrived, once ``next()`` has nothing more; nil is the end of the stream.
  ///
  /// - Throws: ``ApiError`` `api.truncated`.
  mutating func receive(_ bytes: ByteBuffer?) throws(ApiError) {
    if let bytes {
      frames == nil ? piece = bytes : frames?.append(bytes)
    } else {
      if let truncation = frames?.truncation { throw truncation }
      isOver = true
      isSuspect = suspectLengths.contains(count)
    }
  }

  /// What comes next, or nil until more arrives.
  ///
  /// - Throws: ``ApiError``.
  mutating func next() throws(ApiError) -> AnswerReader.Event? {
    let event = try frames?.next() ?? piece.map(AnswerReader.Event.body)
    piece = nil
    switch event {
    case .body(let bytes):
      count += bytes.readableBytes
      guard count <= maximum else { throw .responseTooLong(maximum) }
    case .end: isOver = true
    case .head, nil: break
    }
    return event
  }
}
