import NIOCore

@testable import LibP2P

/// A frame with its body, as tests write and read them.
struct WireFrame: Equatable, CustomStringConvertible {
  var kind: YamuxFrame.Kind
  var flags: YamuxFrame.Flags = []
  var stream: UInt32 = 0
  var length: UInt32 = 0
  var body: [UInt8] = []

  static func data(_ stream: UInt32, _ body: [UInt8], _ flags: YamuxFrame.Flags = []) -> WireFrame {
    WireFrame(kind: .data, flags: flags, stream: stream, length: UInt32(body.count), body: body)
  }

  static func window(_ stream: UInt32, _ flags: YamuxFrame.Flags = [], _ credit: UInt32 = 0) -> WireFrame {
    WireFrame(kind: .windowUpdate, flags: flags, stream: stream, length: credit)
  }

  static func ping(_ flags: YamuxFrame.Flags, _ value: UInt32) -> WireFrame {
    WireFrame(kind: .ping, flags: flags, length: value)
  }

  static func goAway(_ code: UInt32) -> WireFrame { WireFrame(kind: .goAway, length: code) }

  /// The header laid out by hand, so that the product's encoder is not its own oracle.
  var bytes: [UInt8] {
    func bigEndian(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    return [0, kind.rawValue, 0, UInt8(flags.rawValue)] + bigEndian(stream) + bigEndian(length) + body
  }

  var description: String { "\(kind) \(flags.rawValue) stream \(stream) length \(length)" }

  /// Cuts whole frames.
  static func parse(_ bytes: [UInt8]) -> [WireFrame] {
    var frames: [WireFrame] = []
    var rest = bytes[...]
    func number(_ slice: ArraySlice<UInt8>) -> UInt32 { slice.reduce(0) { $0 << 8 | UInt32($1) } }
    while rest.count >= 12 {
      let head = rest.prefix(12)
      let start = head.startIndex
      guard let kind = YamuxFrame.Kind(rawValue: head[start + 1]) else { break }
      let length = number(head[start + 8..<start + 12])
      rest = rest.dropFirst(12)
      let body = kind == .data ? Array(rest.prefix(Int(length))) : []
      rest = rest.dropFirst(body.count)
      frames.append(
        WireFrame(
          kind: kind, flags: YamuxFrame.Flags(rawValue: UInt16(number(head[start + 2..<start + 4]))),
          stream: number(head[start + 4..<start + 8]), length: length, body: body))
    }
    return frames
  }
}

extension YamuxSession {
  /// A listener whose own first PING is out of the way.
  static func listener(_ limits: YamuxLimits = YamuxLimits()) -> YamuxSession {
    YamuxSession(role: .listener, limits: limits, now: .start)
  }

  mutating func receive(_ frames: WireFrame..., now: NIODeadline = .start) -> [YamuxEvent] {
    receive(ByteBuffer(bytes: frames.flatMap(\.bytes)), now: now)
  }

  /// Everything it wants to send.
  mutating func sent() -> [WireFrame] {
    var out = ByteBuffer()
    _ = drain(into: &out, target: .max)
    return WireFrame.parse(Array(out.readableBytesView))
  }
}

extension NIODeadline {
  /// An arbitrary time that is not zero.
  static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
}

extension [YamuxEvent] {
  var failure: YamuxError.Code? {
    if case .failed(let error)? = last { error.kind } else { nil }
  }
}
