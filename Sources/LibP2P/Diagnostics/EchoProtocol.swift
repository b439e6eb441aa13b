public import NIOCore

/// `/echo/1.0.0`: every byte comes back until the caller finishes. For tests and for operators.
public enum EchoProtocol {
  /// The protocol's id.
  public static let id = "/echo/1.0.0"

  /// Serves one stream.
  public static func serve(_ stream: P2PStream) async throws {
    while let bytes = try await stream.read() { try await stream.write(bytes) }
  }

  /// Sends bytes and waits for as many to come back.
  ///
  /// - Returns: what came back.
  public static func call(_ stream: P2PStream, _ bytes: ByteBuffer) async throws -> ByteBuffer {
    try await stream.write(bytes)
    return try await stream.read(exactly: bytes.readableBytes)
  }
}
