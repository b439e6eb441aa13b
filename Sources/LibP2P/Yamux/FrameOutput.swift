import NIOCore

/// What the frames of a ``YamuxSession`` are written to.
protocol FrameOutput {
  var readableBytes: Int { get }
  mutating func append(_ frame: YamuxFrame)
  mutating func append(body: ByteBuffer)
}

extension ByteBuffer: FrameOutput {
  mutating func append(_ frame: YamuxFrame) { frame.write(to: &self) }
  mutating func append(body: ByteBuffer) { writeImmutableBuffer(body) }
}
