import NIOCore

/// Unary envelopes written by hand (mesh-wire.md §2.2), for callers that don't keep to the rules.
enum UnaryBytes {
  static let callID = Array(0 as UInt8..<16)

  /// A request with this body, which is shorter than 100 bytes.
  static func request(_ protocolID: String, _ body: [UInt8] = []) -> ByteBuffer {
    let name = Array(protocolID.utf8)
    let call = [0x0a, 0x00, 0x12, UInt8(name.count)] + name + [0x1a, UInt8(body.count)] + body
    let envelope = [0x0a, 16] + callID + [0x1a, UInt8(call.count)] + call
    return ByteBuffer(bytes: [UInt8(envelope.count)] + envelope)
  }
}
