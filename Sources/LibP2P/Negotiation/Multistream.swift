import NIOCore

/// The lines of multistream-select 1.0: varint length, text, newline, the length counting the newline.
enum Multistream {
  /// What both sides say first.
  static let header = "/multistream/1.0.0"
  /// The answer to a proposal that is not accepted.
  static let refusal = "na"
  /// The question for all protocols.
  static let list = "ls"

  /// The longest line read or sent, with its newline (threats.md S1).
  static let maximumLineLength = 1_024
  /// Proposals that one negotiation may take, in either role. Real peers need two or three.
  static let maximumProposals = 16

  /// `text` as a line on the wire.
  static func line(_ text: String) -> [UInt8] {
    Varint.encode(UInt64(text.utf8.count + 1)) + text.utf8 + [newline]
  }

  /// The answer to `ls`: one line that holds a line for each protocol. Nil if it would be longer than a line
  /// may be.
  static func listing(_ protocols: [String]) -> [UInt8]? {
    let body = protocols.flatMap(line) + [newline]
    return body.count <= maximumLineLength ? Varint.encode(UInt64(body.count)) + body : nil
  }

  fileprivate static let newline = UInt8(ascii: "\n")
}

/// Cuts what arrives into lines.
struct MultistreamLines: Sendable {
  private var frames = FrameDecoder(maximumLength: Multistream.maximumLineLength)

  mutating func append(_ bytes: ByteBuffer) {
    frames.append(bytes)
  }

  /// The next line without its newline, or nil until more bytes arrive.
  mutating func next() throws(NegotiationError) -> String? {
    let body: ByteBuffer?
    do {
      body = try frames.next()
    } catch {
      throw NegotiationError(.malformed, "a negotiation line is wrong: \(error.message)")
    }
    guard let body else { return nil }
    guard body.readableBytesView.last == Multistream.newline,
      let text = String(validating: body.readableBytesView.dropLast(), as: UTF8.self)
    else {
      throw NegotiationError(
        .malformed, "a negotiation line of \(body.readableBytes) bytes is not text and a newline")
    }
    return text
  }

  /// What follows the last line read.
  mutating func takeRest() -> ByteBuffer {
    frames.takeRest()
  }
}
