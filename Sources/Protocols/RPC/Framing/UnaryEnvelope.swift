import LibP2P
import NIOCore
import SwiftProtobuf

/// The envelope of unary calls, varint-delimited, the same in both directions (mesh-wire.md §2.2, §2.3).
enum UnaryEnvelope {
  /// The longest envelope, in bytes without its prefix. p2pd closes the stream on longer ones.
  static let maximumLength = 4 << 20
  static let callIDLength = 16

  /// The next whole envelope, or nil until more bytes arrive.
  ///
  /// - Throws: ``CallError`` `rpc.malformed`.
  static func next(from decoder: inout FrameDecoder) throws(CallError) -> PBRPCEnvelope? {
    do {
      guard let frame = try decoder.next() else { return nil }
      let envelope = try PBRPCEnvelope(serializedBytes: frame.readableBytesSpan, options: .peers)
      guard envelope.callID.count == callIDLength else {
        throw CallError(.malformed, "a call id has \(envelope.callID.count) bytes")
      }
      return envelope
    } catch let error as FramingError {
      throw CallError(.malformed, error.message)
    } catch let error as CallError {
      throw error
    } catch {
      throw CallError(.malformed, "the envelope can't be decoded")
    }
  }

  /// The envelope on the wire; nil if it is too long.
  static func frame(_ envelope: PBRPCEnvelope) -> ByteBuffer? {
    guard let body: [UInt8] = try? envelope.serializedBytes(), body.count <= maximumLength else { return nil }
    return FrameDecoder.frame(body)
  }
}
