import NIOCore
import SwiftProtobuf

/// The node's side of one connection of the control protocol, as a value: bytes in, requests out.
///
/// A connection begins with requests. ``upgrade()`` makes it a persistent one for good; ``takeStream()`` gives what
/// came behind a request to the stream that the request opened. The length of a message is judged before any of it is
/// waited for.
struct ControlSession {
  private var frames: FrameDecoder
  private let messageLength: Int

  /// - Parameters:
  ///   - requestLength: the longest request, in bytes.
  ///   - messageLength: the longest message after the upgrade, in bytes.
  init(requestLength: Int, messageLength: Int) {
    frames = FrameDecoder(maximumLength: requestLength)
    self.messageLength = messageLength
  }

  /// Takes bytes. Ask for requests until there is none before taking more.
  mutating func receive(_ bytes: ByteBuffer) { frames.append(bytes) }

  /// The next request, or nil until more bytes arrive.
  ///
  /// - Throws: ``ControlError`` `control.malformed` or `control.too-long`: cut the connection.
  mutating func nextRequest() throws(ControlError) -> ControlRequest? {
    try frames.next(PBControlRequest.self).map(ControlRequest.init)
  }

  /// From now on the connection is a persistent one.
  mutating func upgrade() {
    let rest = frames.takeRest()
    frames = FrameDecoder(maximumLength: messageLength)
    frames.append(rest)
  }

  /// The next message of a persistent connection, or nil until more bytes arrive.
  ///
  /// - Throws: as ``nextRequest()``.
  mutating func nextMessage() throws(ControlError) -> ClientMessage? {
    guard let message = try frames.next(PBControlPersistentRequest.self) else { return nil }
    return try ClientMessage(message)
  }

  /// What came behind the request that opened a stream.
  mutating func takeStream() -> ByteBuffer { frames.takeRest() }
}
