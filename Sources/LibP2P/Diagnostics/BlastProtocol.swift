public import Crypto
import NIOCore

/// `/blast/1.0.0`: the caller sends a count, 8 bytes big-endian, and receives so many bytes, byte i being i mod 251.
public enum BlastProtocol {
  /// The protocol's id.
  public static let id = "/blast/1.0.0"

  /// Serves one stream.
  public static func serve(_ stream: P2PStream) async throws {
    var request = try await stream.read(exactly: 8)
    let count = request.readInteger(as: UInt64.self) ?? 0
    var pattern = BytePattern()
    while pattern.position < count {
      try await stream.write(pattern.next(upTo: count - pattern.position))
    }
  }

  /// Asks for `count` bytes.
  ///
  /// - Returns: how many came before the end, and their digest.
  public static func call(_ stream: P2PStream, count: UInt64) async throws -> (count: UInt64, SHA256Digest) {
    // No FIN before the end: p2pd gives a stream up when its caller half-closes (mesh-wire.md §2.4).
    try await stream.write(ByteBuffer(integer: count))
    var received: UInt64 = 0
    var hash = SHA256()
    while let bytes = try await stream.read() {
      received += UInt64(bytes.readableBytes)
      bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    }
    stream.close()
    return (received, hash.finalize())
  }

  /// The digest of the first `count` bytes of the pattern.
  public static func digest(count: UInt64) -> SHA256Digest {
    var pattern = BytePattern()
    var hash = SHA256()
    while pattern.position < count {
      pattern.next(upTo: count - pattern.position).withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize()
  }
}
