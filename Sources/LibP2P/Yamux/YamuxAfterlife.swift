/// What may still arrive for streams that are forgotten, because it was under way when they ended.
///
/// Frames within this allowance are normal; a reader such as py-libp2p returns credit after every read, long
/// after the stream is over. Frames beyond it count as idle.
struct YamuxAfterlife {
  /// Frames without body or credit that one ended stream may still cause: ACK, FIN, RST.
  private static let flagFramesPerStream = 3
  private var body = 0
  private var credit = 0
  private var flagFrames = 0

  /// Notes a stream that ended.
  mutating func add(_ stream: YamuxStream) {
    body += stream.receiveCredit
    credit += stream.uncredited
    flagFrames += Self.flagFramesPerStream
  }

  /// Whether `frame` is covered, which uses the allowance up.
  mutating func covers(_ frame: YamuxFrame) -> Bool {
    let length = Int(frame.length)
    let allowance: WritableKeyPath<Self, Int> =
      length == 0 ? \.flagFrames : frame.kind == .data ? \.body : \.credit
    let cost = max(1, length)
    guard self[keyPath: allowance] >= cost else { return false }
    self[keyPath: allowance] -= cost
    return true
  }
}
