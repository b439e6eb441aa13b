import LibP2P
import NIOCore

/// An answer in version 1.0.0: nothing but bytes, cut as the published callers can bear (subnet-wire.md §4.3).
///
/// They take the first frame of a unary answer for all of it, so it is kept back until it is whole. An abort looks
/// like an end to them, so they read of failures in the text itself.
struct PlainAnswer: AnswerForm {
  /// What surely fits into the window of a new stream, in bytes.
  static let windowFrame = 262_000
  /// The longest frame beyond its window that every py-libp2p bears, in bytes.
  static let maximumFrame = 6_500_000
  /// The longest frame of a streamed answer to a published caller, in bytes.
  static let streamFrame = 16 << 10

  /// What is known of the caller's software.
  enum Caller: Sendable {
    /// A published node, or one of which nothing is known.
    case python
    /// A published node that says so, and may get frames beyond its window.
    case patientPython
    /// Another one: it reads until the end and understands an abort.
    case other
  }

  private let caller: Caller
  private let isStream: Bool
  private let maximum: Int
  private var count = 0
  /// A unary answer until it is whole.
  private var kept = ByteBuffer()
  private var hasWritten = false

  /// - Parameter maximum: the longest body, in bytes.
  init(to caller: Caller, isStream: Bool, maximum: Int) {
    self.caller = caller
    self.isStream = isStream
    self.maximum =
      switch (caller, isStream) {
      case (.python, false): min(maximum, Self.windowFrame)
      case (.patientPython, false): min(maximum, Self.maximumFrame)
      default: maximum
      }
  }

  mutating func begin(_ response: UpstreamResponse) throws(ApiError) -> [AnswerStep] {
    guard response.announcedLength ?? 0 <= maximum else { throw .responseTooLong(maximum) }
    return []
  }

  mutating func add(_ piece: ByteBuffer) throws(ApiError) -> [AnswerStep] {
    count += piece.readableBytes
    guard count <= maximum else { throw .responseTooLong(maximum) }
    guard isStream || caller == .other else {
      kept.writeImmutableBuffer(piece)
      return []
    }
    hasWritten = true
    return caller == .other ? [.write(piece, .split)] : piece.cut(Self.streamFrame).map { .write($0, .split) }
  }

  mutating func end() -> [AnswerStep] {
    guard kept.readableBytes > 0 else { return [] }
    return [.write(kept, kept.readableBytes <= Self.windowFrame ? .whole : .beyondWindow)]
  }

  mutating func fail(_ error: ApiError) -> [AnswerStep] {
    if hasWritten, caller == .other { return [.abort] }
    return error.text.isEmpty ? [] : [.write(ByteBuffer(string: error.text), .split)]
  }
}

extension ByteBuffer {
  /// The bytes in pieces of at most `size`.
  func cut(_ size: Int) -> [ByteBuffer] {
    var rest = self
    var pieces: [ByteBuffer] = []
    while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
      pieces.append(piece)
    }
    return pieces
  }
}
