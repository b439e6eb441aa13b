import NIOCore

/// Cuts what arrives into frame headers and pieces of their bodies, however the bytes were split.
///
/// Bodies are handed on as they come, so nothing but an unfinished header is ever held back.
struct YamuxFrameReader {
  enum Part: Equatable {
    case frame(YamuxFrame)
    /// A piece of the latest frame's body.
    case body(ByteBuffer, isLast: Bool)
  }

  private var header = ByteBuffer()
  private var remaining = 0

  /// The next part of `input`; nil when all of it is used up.
  ///
  /// - Throws: ``YamuxError`` `yamux.version` or `yamux.frame-type`; the session can't go on then.
  mutating func next(_ input: inout ByteBuffer) throws(YamuxError) -> Part? {
    if remaining > 0 {
      guard let piece = input.readSlice(length: min(remaining, input.readableBytes)),
        piece.readableBytes > 0
      else { return nil }
      remaining -= piece.readableBytes
      return .body(piece, isLast: remaining == 0)
    }
    guard let frame = try nextFrame(&input) else { return nil }
    if frame.kind == .data { remaining = Int(frame.length) }
    return .frame(frame)
  }

  private mutating func nextFrame(_ input: inout ByteBuffer) throws(YamuxError) -> YamuxFrame? {
    if header.readableBytes == 0, let frame = try YamuxFrame(reading: &input) { return frame }
    let missing = YamuxFrame.headerLength - header.readableBytes
    if var piece = input.readSlice(length: min(missing, input.readableBytes)) {
      header.writeBuffer(&piece)
    }
    guard let frame = try YamuxFrame(reading: &header) else { return nil }
    header.clear()
    return frame
  }
}
