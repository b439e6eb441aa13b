import Foundation
import NIOCore
import SwiftProtobuf

/// Cuts a byte stream into ``StreamRecord``s, however it was split. A length is judged as soon as it is there, before
/// any of the body is kept.
struct RecordDecoder {
  /// The longest message accepted, in bytes.
  let maximumLength: Int
  private var buffer = ByteBuffer()

  init(maximumLength: Int) { self.maximumLength = maximumLength }

  /// Whether nothing of a record was left behind.
  var isEmpty: Bool { buffer.readableBytes == 0 }

  /// Takes what arrived. Call ``next()`` until it has nothing more before appending again.
  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole record, or nil until more bytes arrive.
  ///
  /// - Throws: ``CallError`` `rpc.malformed`, `rpc.too-long`; the stream is of no more use then.
  mutating func next() throws(CallError) -> StreamRecord? {
    let start = buffer.readerIndex
    guard let marker: UInt8 = buffer.getInteger(at: start) else { return nil }
    guard marker <= StreamRecord.failureMarker else {
      throw CallError(.malformed, "a record begins with \(marker)")
    }
    guard let length: UInt64 = buffer.getInteger(at: start + 1) else { return nil }
    let isMessage = marker == StreamRecord.messageMarker
    let limit = isMessage ? maximumLength : StreamRecord.maximumFailureLength
    guard length <= UInt64(limit) else {
      throw CallError(.tooLong, "a record of \(length) bytes exceeds the limit of \(limit)")
    }
    guard let body = buffer.getSlice(at: start + StreamRecord.headerLength, length: Int(length)) else { return nil }
    buffer.moveReaderIndex(forwardBy: StreamRecord.headerLength + body.readableBytes)
    return isMessage ? .message(body) : .failure(try text(of: body))
  }

  private func text(of body: ByteBuffer) throws(CallError) -> Data {
    do {
      return try PBRPCFailure(serializedBytes: body.readableBytesSpan, options: .peers).message
    } catch {
      throw CallError(.malformed, "a failure can't be decoded")
    }
  }
}
