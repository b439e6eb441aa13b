public import NIOCore

/// Puts together what comes on an identify stream until the peer ends it.
///
/// go-libp2p splits long messages; protobuf's rule that messages merge when they are joined makes one of them.
public struct IdentifyReader: Sendable {
  /// Messages that may be joined; go-libp2p reads as many.
  static let maximumMessages = 10

  private let peer: PeerID
  private var frames = FrameDecoder(maximumLength: IdentifyMessage.maximumLength)
  private var body: [UInt8] = []
  private var messages = 0

  /// - Parameter peer: the peer that the connection authenticated.
  public init(from peer: PeerID) {
    self.peer = peer
  }

  /// Takes what arrived.
  ///
  /// - Throws: ``IdentifyError`` `identify.too-long` or `identify.malformed`.
  public mutating func receive(_ bytes: ByteBuffer) throws(IdentifyError) {
    frames.append(bytes)
    do {
      while let frame = try frames.next() {
        messages += 1
        guard messages <= Self.maximumMessages,
          body.count + frame.readableBytes <= IdentifyMessage.maximumLength
        else { throw IdentifyError(.tooLong, "\(peer) says more about itself than is read") }
        body += frame.readableBytesView
      }
    } catch let error as IdentifyError {
      throw error
    } catch {
      throw IdentifyError(.malformed, "\(peer) sent an identify stream that can't be read: \(error)")
    }
  }

  /// The peer ended the stream, or took too long to.
  ///
  /// - Throws: ``IdentifyError``: `identify.missing` if no whole message came, and what
  ///   ``IdentifyMessage/init(body:from:)`` throws.
  public func finish() throws(IdentifyError) -> IdentifyMessage {
    guard messages > 0 else { throw IdentifyError(.missing, "\(peer) sent no identify message") }
    return try IdentifyMessage(body: body, from: peer)
  }
}
