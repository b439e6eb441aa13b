import NIOCore

/// The header of a Yamux frame: twelve bytes, big-endian (yamux specification, "Framing").
struct YamuxFrame: Equatable {
  /// Bytes of an encoded header.
  static let headerLength = 12
  /// The only version there is.
  static let version: UInt8 = 0

  /// What the frame is; unknown kinds can't be skipped, because only the kind says whether a body follows.
  enum Kind: UInt8 {
    case data = 0
    case windowUpdate = 1
    case ping = 2
    case goAway = 3
  }

  /// Changes of a stream's life that ride on data and window updates alike.
  struct Flags: OptionSet {
    let rawValue: UInt16
    static let syn = Flags(rawValue: 1)
    static let ack = Flags(rawValue: 2)
    static let fin = Flags(rawValue: 4)
    static let rst = Flags(rawValue: 8)
  }

  var kind: Kind
  var flags: Flags
  /// Zero addresses the session.
  var stream: UInt32
  /// Body length, window increment, opaque ping value or go-away code, by kind.
  var length: UInt32

  init(_ kind: Kind, _ flags: Flags = [], stream: UInt32 = 0, length: UInt32 = 0) {
    self.kind = kind
    self.flags = flags
    self.stream = stream
    self.length = length
  }

  /// Reads a header; nil when fewer than ``headerLength`` bytes are there.
  ///
  /// - Throws: ``YamuxError`` `yamux.version` or `yamux.frame-type`.
  init?(reading buffer: inout ByteBuffer) throws(YamuxError) {
    guard
      let (version, kind, flags, stream, length) = buffer.readMultipleIntegers(
        as: (UInt8, UInt8, UInt16, UInt32, UInt32).self)
    else { return nil }
    guard version == Self.version else { throw YamuxError(.version, "a frame has version \(version)") }
    guard let kind = Kind(rawValue: kind) else { throw YamuxError(.frameType, "a frame has type \(kind)") }
    self.init(kind, Flags(rawValue: flags), stream: stream, length: length)
  }

  /// Appends the header to `buffer`.
  func write(to buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(Self.version, kind.rawValue, flags.rawValue, stream, length)
  }
}
