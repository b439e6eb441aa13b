import NIOCore

/// Plaintext on its way to the cipher, in pieces: what is short lies side by side in one buffer, what is long stays
/// where its writer put it, so that the cipher is the only pass over it.
struct PlaintextPieces: FrameOutput {
  private enum Piece {
    case copied(Int)
    case shared(ByteBuffer)
  }

  /// Below this many bytes a copy costs less than a piece of its own.
  private static let shortestShared = 1024

  private var copied = ByteBuffer()
  private var pieces: [Piece] = []
  /// The piece that is read next.
  private var next = 0
  private(set) var readableBytes = 0

  mutating func append(_ frame: YamuxFrame) {
    frame.write(to: &copied)
    noteCopied(YamuxFrame.headerLength)
  }

  mutating func append(body: ByteBuffer) {
    guard body.readableBytes >= Self.shortestShared else {
      copied.writeImmutableBuffer(body)
      return noteCopied(body.readableBytes)
    }
    pieces.append(.shared(body))
    readableBytes += body.readableBytes
  }

  /// Takes bytes from the front that lie side by side; empty if none are left.
  ///
  /// - Parameter limit: the most to take.
  mutating func read(upTo limit: Int) -> ByteBuffer {
    guard next < pieces.count else { return ByteBuffer() }
    var front: ByteBuffer
    let rest: Piece?
    switch pieces[next] {
    case .copied(let count):
      let length = min(count, limit)
      front = copied.readSlice(length: length) ?? ByteBuffer()
      rest = length < count ? .copied(count - length) : nil
    case .shared(var bytes):
      front = bytes.readSlice(length: min(bytes.readableBytes, limit)) ?? ByteBuffer()
      rest = bytes.readableBytes > 0 ? .shared(bytes) : nil
    }
    if let rest { pieces[next] = rest } else { next += 1 }
    readableBytes -= front.readableBytes
    return front
  }

  /// Forgets everything but the memory for short pieces.
  mutating func clear() {
    copied.clear()
    pieces.removeAll(keepingCapacity: true)
    (next, readableBytes) = (0, 0)
  }

  private mutating func noteCopied(_ count: Int) {
    readableBytes += count
    if case .copied(let before) = pieces.last, pieces.count > next {
      pieces[pieces.count - 1] = .copied(before + count)
    } else {
      pieces.append(.copied(count))
    }
  }
}
