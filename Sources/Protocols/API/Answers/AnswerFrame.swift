import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf

/// The frames of an answer in version 1.1.0: a kind, a length as varint, a payload (docs/api-protocol.md).
enum AnswerFrame {
  /// What a frame holds, and the first byte of it.
  enum Kind: UInt8 {
    /// Status and headers. The first frame, once.
    case head = 1
    /// A part of the body, as it is.
    case body = 2
    /// The body was whole. The last frame, unless ``failure`` is.
    case end = 3
    /// Why there is no answer or no more of it. The last frame.
    case failure = 4
  }

  /// The longest payload of a head, an end or a failure, in bytes.
  static let maximumMessage = 32 << 10
  /// The longest part of a body that is sent, in bytes: it fills one Yamux frame.
  static let bodyLength = 65_000
  /// The longest part of a body that is read, in bytes.
  static let maximumBody = 1 << 20

  static func head(_ response: UpstreamResponse) throws(ApiError) -> ByteBuffer {
    var head = PBApiHead()
    head.status = UInt32(clamping: response.status)
    head.headers = response.headers.map { header in
      .with { ($0.name, $0.value) = header }
    }
    let payload = encoded(head)
    guard payload.count <= maximumMessage else {
      throw ApiError(.broken, "the headers of the server's answer are too long")
    }
    return frame(.head, payload)
  }

  static func body(_ piece: ByteBuffer) -> [ByteBuffer] {
    piece.cut(bodyLength).map { frame(.body, $0.readableBytesView) }
  }

  static func end(bodyBytes: Int) -> ByteBuffer {
    frame(.end, encoded(PBApiEnd.with { $0.bodyBytes = UInt64(clamping: bodyBytes) }))
  }

  static func failure(_ error: ApiError) -> ByteBuffer {
    frame(
      .failure,
      encoded(
        PBApiFailure.with {
          $0.code = error.code
          $0.message = error.reason
        }))
  }

  private static func frame(_ kind: Kind, _ payload: some Collection<UInt8>) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.reserveCapacity(payload.count + 1 + Varint.maximumLength)
    frame.writeInteger(kind.rawValue)
    frame.writeBytes(Varint.encode(UInt64(payload.count)))
    frame.writeBytes(payload)
    return frame
  }

  /// Encoding fails only for missing required fields, and the schema has none.
  private static func encoded(_ message: some Message) -> [UInt8] { (try? message.serializedBytes()) ?? [] }
}
