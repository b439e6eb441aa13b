public import NIOCore

/// Reads the one request of a stream, however its bytes are cut.
///
/// The length is judged before any of the message is waited for; what comes behind the message is ignored, as the
/// published nodes do (subnet-wire.md §4.2). The texts of failures are theirs, too.
public struct ApiRequestReader: Sendable {
  /// The longest length prefix, in bytes.
  static let maximumPrefixLength = 10

  private let maximumLength: Int
  private var buffer = ByteBuffer()
  /// Once the prefix is read.
  private var length: Int?

  /// - Parameter maximumLength: the longest message accepted, in bytes, without its length.
  public init(maximumLength: Int = ApiRequest.maximumLength) {
    self.maximumLength = maximumLength
  }

  /// Takes what arrived.
  ///
  /// - Returns: the request once it is whole.
  /// - Throws: ``ApiError``: `api.frame` for a bad length, `api.too-long`, `api.malformed`.
  public mutating func receive(_ bytes: ByteBuffer) throws(ApiError) -> ApiRequest? {
    buffer.writeImmutableBuffer(bytes)
    if length == nil { length = try readPrefix() }
    guard let length, let message = buffer.readSlice(length: length) else { return nil }
    return try ApiRequest(message: message)
  }

  /// What is wrong when the stream ends before the request is whole.
  public var truncation: ApiError {
    ApiError(
      .truncated,
      length.map { "Stream closed while reading \($0) byte frame" } ?? "Stream closed while reading frame length")
  }

  private mutating func readPrefix() throws(ApiError) -> Int? {
    var value: UInt64 = 0
    for (index, byte) in buffer.readableBytesView.prefix(Self.maximumPrefixLength).enumerated() {
      // The tenth byte holds the 64th bit, and no other.
      let isTooLarge = index == Self.maximumPrefixLength - 1 && byte & 0x7f > 1
      value |= isTooLarge ? .max : UInt64(byte & 0x7f) << UInt64(7 * index)
      guard byte < 0x80 else { continue }
      guard byte != 0 || index == 0 else { throw ApiError(.frame, "Frame length prefix is padded with zeros") }
      guard value <= UInt64(maximumLength) else {
        throw ApiError(.tooLong, "API request frame exceeded maximum \(maximumLength) bytes")
      }
      buffer.moveReaderIndex(forwardBy: index + 1)
      return Int(value)
    }
    guard buffer.readableBytes < Self.maximumPrefixLength else {
      throw ApiError(.frame, "Frame length prefix exceeded maximum varint size")
    }
    return nil
  }
}
