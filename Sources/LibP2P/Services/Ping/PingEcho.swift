public import NIOCore

/// The side of `/ipfs/ping/1.0.0` that answers: every 32 bytes come back as they came (libp2p "ping" specification).
public struct PingEcho: Sendable {
  private var buffer = ByteBuffer()

  /// One stream's echo.
  public init() {}

  /// Takes what arrived and gives what to send back: whole payloads only. Less than one payload is kept.
  public mutating func receive(_ bytes: ByteBuffer) -> ByteBuffer? {
    buffer.discardReadBytes()
    buffer.writeImmutableBuffer(bytes)
    let whole = buffer.readableBytes / PingProbe.payloadLength * PingProbe.payloadLength
    return whole > 0 ? buffer.readSlice(length: whole) : nil
  }
}
