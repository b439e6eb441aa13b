public import NIOCore

/// Cuts a byte stream into messages that a varint length precedes, the framing of identify, kad and the
/// unary RPC. It makes no assumption about how the bytes were split.
///
/// The length is judged before any of the body is waited for, so that what is buffered never exceeds
/// one message and what arrived with it (threats.md S4).
public struct FrameDecoder: Sendable {
  /// The longest body accepted, in bytes.
  public let maximumLength: Int
  private var buffer = ByteBuffer()

  /// - Parameter maximumLength: the longest body accepted, in bytes, without its prefix.
  public init(maximumLength: Int) {
    self.maximumLength = maximumLength
  }

  /// Takes what arrived. Call ``next()`` until it has nothing more before appending again.
  public mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole message, or nil until more bytes arrive.
  ///
  /// - Throws: ``FramingError`` for a bad prefix or one above ``maximumLength``; the stream is of no
  ///   more use then.
  public mutating func next() throws(FramingError) -> ByteBuffer? {
    guard let prefix = try Varint.decode(buffer.readableBytesView) else { return nil }
    guard prefix.value <= UInt64(maximumLength) else {
      throw FramingError(
        .messageTooLong, "a message of \(prefix.value) bytes exceeds the limit of \(maximumLength)")
    }
    let length = Int(prefix.value)
    guard buffer.readableBytes - prefix.length >= length else { return nil }
    buffer.moveReaderIndex(forwardBy: prefix.length)
    return buffer.readSlice(length: length)
  }

  /// Gives up what is buffered behind the last message: once a negotiation is over, the bytes belong to the
  /// protocol that it chose.
  public mutating func takeRest() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return buffer
  }

  /// Says that the stream ended.
  ///
  /// - Throws: ``FramingError`` `framing.truncated` if a message was begun.
  public func finish() throws(FramingError) {
    guard buffer.readableBytes == 0 else {
      throw FramingError(.truncated, "the stream ended inside a message")
    }
  }

  /// `body` with its length before it, in one buffer: some peers take the first read for the message
  /// (subnet-wire.md §1.6).
  public static func frame(_ body: some Collection<UInt8>) -> ByteBuffer {
    let prefix = Varint.encode(UInt64(body.count))
    var buffer = ByteBuffer()
    buffer.reserveCapacity(prefix.count + body.count)
    buffer.writeBytes(prefix)
    buffer.writeBytes(body)
    return buffer
  }
}
