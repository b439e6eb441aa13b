/// Cuts the body of a `text/event-stream` into events (WHATWG HTML, "Server-sent events", §9.2.6), wherever the bytes
/// were split.
///
/// Of an event only the data is kept: its name, its id and the time to reconnect mean nothing to completions.
struct ServerSentEvents: Sendable {
  /// The longest line and the most data of an event, in bytes. The first event of an answer may repeat the prompt.
  static let maximumLength = 1 << 20
  private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  private var line: [UInt8] = []
  /// Data lines of the event that is being read, joined by line feeds.
  private var data: [UInt8]?
  /// Whether the last byte was a carriage return, which a line feed would complete.
  private var isAfterReturn = false
  private var isFirstLine = true
  private let maximumLength: Int

  init(maximumLength: Int = Self.maximumLength) { self.maximumLength = maximumLength }

  /// Takes what arrived.
  ///
  /// - Returns: the data of each event that is complete now. What is incomplete when the body ends is no event.
  /// - Throws: ``InferenceError`` `inference.upstream` for a line or event that is too long.
  mutating func receive(_ bytes: some Sequence<UInt8>) throws(InferenceError) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for byte in bytes {
      defer { isAfterReturn = byte == Self.carriageReturn }
      if byte == Self.lineFeed && isAfterReturn { continue }
      guard byte == Self.lineFeed || byte == Self.carriageReturn else {
        line.append(byte)
        guard line.count <= maximumLength else { throw tooLong }
        continue
      }
      if let event = try endLine() { events.append(event) }
    }
    return events
  }

  /// Takes the line; the empty one ends an event.
  private mutating func endLine() throws(InferenceError) -> [UInt8]? {
    defer {
      line.removeAll(keepingCapacity: true)
      isFirstLine = false
    }
    if line.isEmpty {
      defer { data = nil }
      return data
    }
    let line = isFirstLine && line.starts(with: Self.byteOrderMark) ? self.line.dropFirst(3) : self.line[...]
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    guard line[..<colon].elementsEqual("data".utf8) else { return nil }
    var value = line[colon...].dropFirst()
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    if data == nil { data = Array(value) } else { data?.append(contentsOf: [Self.lineFeed] + value) }
    guard data?.count ?? 0 <= maximumLength else { throw tooLong }
    return nil
  }

  private var tooLong: InferenceError {
    InferenceError(.upstream, "the model server sent an event of more than \(maximumLength) bytes")
  }
}
