import NIOCore
import SwiftProtobuf

extension FrameDecoder {
  /// The next whole message of the control protocol, or nil until more bytes arrive.
  ///
  /// - Throws: ``ControlError`` `control.malformed` or `control.too-long`.
  mutating func next<Content: Message>(_ type: Content.Type) throws(ControlError) -> Content? {
    do {
      guard let frame = try next() else { return nil }
      return try Content(serializedBytes: frame.readableBytesSpan, options: .bounded)
    } catch let error as FramingError {
      throw ControlError(error.kind == .messageTooLong ? .tooLong : .malformed, error.message)
    } catch {
      throw ControlError(.malformed, "a message can't be decoded")
    }
  }

  /// A message on the wire. All required fields of those that this project makes are set.
  static func frame(message: some Message) -> ByteBuffer { frame(message.encoded) }
}
