public import NIOCore

/// The side of `/ipfs/ping/1.0.0` that asks, one payload at a time.
public struct PingProbe: Sendable {
  /// Bytes of a ping.
  public static let payloadLength = 32

  private var expected: [UInt8]?
  private var received = ByteBuffer()
  private var sent: NIODeadline = .uptimeNanoseconds(0)

  /// One stream's probe.
  public init() {}

  /// Begins a ping.
  ///
  /// - Returns: what to send.
  public mutating func start(now: NIODeadline, using random: inout some RandomNumberGenerator) -> ByteBuffer {
    let payload = (0..<Self.payloadLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    expected = payload
    received.clear()
    sent = now
    return ByteBuffer(bytes: payload)
  }

  /// Takes what arrived.
  ///
  /// - Returns: the time of the round trip once the whole payload is back, nil before.
  /// - Throws: ``PingError`` `ping.mismatch` for anything but the payload.
  public mutating func receive(_ bytes: ByteBuffer, now: NIODeadline) throws(PingError) -> TimeAmount? {
    received.writeImmutableBuffer(bytes)
    guard let expected, expected.starts(with: received.readableBytesView) else {
      throw PingError(.mismatch, "a ping came back as something else")
    }
    guard received.readableBytes == expected.count else { return nil }
    self.expected = nil
    return now - sent
  }
}
