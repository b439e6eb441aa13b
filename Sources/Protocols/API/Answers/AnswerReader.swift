import LibP2P
import NIOCore
import NIOHTTP1
import SwiftProtobuf

/// Reads an answer of version 1.1.0, however its bytes are cut. Parts of the body are handed on as they come.
struct AnswerReader: Sendable {
  /// What was read.
  enum Event: Equatable {
    case head(status: Int, HTTPHeaders)
    case body(ByteBuffer)
    /// The answer is whole.
    case end
  }

  private enum State {
    case head, body, over
  }

  private var buffer = ByteBuffer()
  private var state = State.head
  /// Bytes of the current part of the body that have not come yet.
  private var bodyLeft = 0
  private var bodyBytes: UInt64 = 0

  /// Takes what arrived.
  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// What comes next, or nil until more arrives.
  ///
  /// - Throws: ``ApiError``: the failure that the peer reports, or `api.malformed`.
  mutating func next() throws(ApiError) -> Event? {
    if bodyLeft > 0 {
      guard buffer.readableBytes > 0, let part = buffer.readSlice(length: min(bodyLeft, buffer.readableBytes)) else {
        return nil
      }
      bodyLeft -= part.readableBytes
      return .body(part)
    }
    guard state != .over, let number = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
    guard let kind = AnswerFrame.Kind(rawValue: number) else { throw Self.malformed("a frame of kind \(number)") }
    guard let (length, prefix) = try length(of: kind) else { return nil }
    guard kind != .body else {
      guard state == .body, length > 0 else { throw Self.malformed("a part of a body that is empty or has no head") }
      buffer.moveReaderIndex(forwardBy: prefix)
      bodyLeft = length
      bodyBytes += UInt64(length)
      return try next()
    }
    guard buffer.readableBytes >= prefix + length else { return nil }
    buffer.moveReaderIndex(forwardBy: prefix)
    return try read(kind, buffer.readSlice(length: length) ?? ByteBuffer())
  }

  /// Why an answer that ends here is not whole; nil if it is.
  var truncation: ApiError? {
    state == .over ? nil : ApiError(.truncated, "the answer ended in the middle")
  }

  /// The length of the next payload and the bytes before it, once they are there.
  private func length(of kind: AnswerFrame.Kind) throws(ApiError) -> (length: Int, prefix: Int)? {
    let prefix: (value: UInt64, length: Int)?
    do {
      prefix = try Varint.decode(buffer.readableBytesView.dropFirst())
    } catch {
      throw Self.malformed("a length that can't be read")
    }
    guard let prefix else { return nil }
    guard prefix.value <= UInt64(kind == .body ? AnswerFrame.maximumBody : AnswerFrame.maximumMessage) else {
      throw Self.malformed("a frame of \(prefix.value) bytes")
    }
    return (Int(prefix.value), 1 + prefix.length)
  }

  private mutating func read(_ kind: AnswerFrame.Kind, _ payload: ByteBuffer) throws(ApiError) -> Event? {
    switch kind {
    case .head:
      guard state == .head else { throw Self.malformed("a second head") }
      let head: PBApiHead = try Self.decode(payload)
      guard (100...999).contains(head.status) else { throw Self.malformed("the status \(head.status)") }
      state = .body
      return .head(status: Int(head.status), HTTPHeaders(head.headers.map { ($0.name, $0.value) }))
    case .end:
      guard state == .body else { throw Self.malformed("an end without a head") }
      let end: PBApiEnd = try Self.decode(payload)
      guard end.bodyBytes == bodyBytes else {
        throw ApiError(.truncated, "\(bodyBytes) of \(end.bodyBytes) bytes of the body arrived")
      }
      state = .over
      return .end
    case .failure:
      let failure: PBApiFailure = try Self.decode(payload)
      state = .over
      throw ApiError(ApiError.Code(rawValue: failure.code) ?? .remote, failure.message)
    case .body: return nil
    }
  }

  private static func decode<Content: Message>(_ payload: ByteBuffer) throws(ApiError) -> Content {
    guard let message = try? Content(serializedBytes: [UInt8](buffer: payload), options: .api) else {
      throw malformed("a payload that can't be read")
    }
    return message
  }

  private static func malformed(_ what: String) -> ApiError { ApiError(.malformed, "the answer holds \(what)") }
}
