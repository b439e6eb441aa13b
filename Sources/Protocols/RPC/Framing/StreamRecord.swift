import Foundation
import NIOCore
import SwiftProtobuf

/// A record of the stream framing: a marker byte, a big-endian 64-bit length, a body (mesh-wire.md §2.4).
enum StreamRecord: Hashable {
  /// A message of the procedure's type.
  case message(ByteBuffer)
  /// From a callee: it failed, and why. From a caller, whatever the text: the end of its messages.
  case failure(Data)

  static let headerLength = 9
  static let messageMarker: UInt8 = 0
  static let failureMarker: UInt8 = 1
  /// The longest body of a failure, in bytes.
  static let maximumFailureLength = 64 << 10

  /// What a caller sends behind its last message. Without it a published handler never begins.
  static let endOfInput = ByteBuffer(bytes: [failureMarker, 0, 0, 0, 0, 0, 0, 0, 0])

  /// Appends a message's record.
  static func write(message body: [UInt8], to buffer: inout ByteBuffer) {
    buffer.reserveCapacity(minimumWritableBytes: headerLength + body.count)
    buffer.writeMultipleIntegers(messageMarker, UInt64(body.count))
    buffer.writeBytes(body)
  }

  /// The record that tells a caller why there will be no more responses.
  static func failure(_ text: String) -> ByteBuffer {
    let body: [UInt8] = (try? PBRPCFailure.with { $0.message = Data(text.utf8) }.serializedBytes()) ?? []
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(failureMarker, UInt64(body.count))
    buffer.writeBytes(body)
    return buffer
  }
}
