import Crypto
import NIOCore

/// `/sink/1.0.0`: the caller sends a count, 8 bytes big-endian, and so many bytes; the answer is the count, 8 bytes
/// big-endian, and the SHA-256 of the bytes.
public enum SinkProtocol {
  /// The protocol's id.
  public static let id = "/sink/1.0.0"

  /// Serves one stream.
  public static func serve(_ stream: P2PStream) async throws {
    var request = try await stream.read(exactly: 8)
    let count = request.readInteger(as: UInt64.self) ?? 0
    var received: UInt64 = 0
    var hash = SHA256()
    while received < count, let bytes = try await stream.read(upTo: Int(clamping: count - received)) {
      received += UInt64(bytes.readableBytes)
      bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    }
    var answer = ByteBuffer(integer: received)
    answer.writeBytes(hash.finalize())
    try await stream.write(answer)
  }

  /// Sends `count` bytes of the pattern.
  ///
  /// - Returns: whether the peer received exactly these.
  public static func call(_ stream: P2PStream, count: UInt64) async throws -> Bool {
    try await stream.write(ByteBuffer(integer: count))
    var pattern = BytePattern()
    var hash = SHA256()
    while pattern.position < count {
      let piece = pattern.next(upTo: count - pattern.position)
      piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
      try await stream.write(piece)
    }
    var answer = try await stream.read(exactly: 8 + SHA256.byteCount)
    stream.close()
    return answer.readInteger(as: UInt64.self) == count
      && answer.readableBytesView.elementsEqual(Array(hash.finalize()))
  }
}
