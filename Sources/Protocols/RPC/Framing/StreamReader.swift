import NIOCore

/// Reads one direction of a streaming call (mesh-wire.md §2.4), as a value. What ends it depends on who sends.
struct StreamReader {
  /// Who sends what is read here.
  enum Sender {
    /// Ends its messages with a record; a FIN takes the call back.
    case caller
    /// Ends its messages with a FIN; a failure record says that it failed.
    case callee
  }

  /// What comes next.
  enum Event: Equatable {
    case message(ByteBuffer)
    /// No more messages. Said again as often as asked.
    case end
  }

  private let sender: Sender
  private var decoder: RecordDecoder
  private var hasEnded = false

  /// - Parameter maximumLength: the longest message accepted, in bytes.
  init(_ sender: Sender, maximumLength: Int) {
    self.sender = sender
    decoder = RecordDecoder(maximumLength: maximumLength)
  }

  /// Takes what arrived, once ``next()`` has nothing more.
  mutating func append(_ bytes: ByteBuffer) { decoder.append(bytes) }

  /// The next event, or nil until more bytes arrive.
  ///
  /// - Throws: ``CallError`` `rpc.remote`, and what ``RecordDecoder/next()`` throws.
  mutating func next() throws(CallError) -> Event? {
    guard !hasEnded else { return .end }
    switch (try decoder.next(), sender) {
    case (nil, _): return nil
    case (.message(let body)?, _): return .message(body)
    case (.failure?, .caller):
      hasEnded = true
      return .end
    case (.failure(let text)?, .callee): throw CallError(remote: text)
    }
  }

  /// Notes the sender's FIN.
  ///
  /// - Throws: ``CallError`` `rpc.truncated` where it ends nothing.
  mutating func finish() throws(CallError) {
    guard hasEnded || sender == .callee, decoder.isEmpty else {
      throw CallError(.truncated, "the stream ended where more was expected")
    }
    hasEnded = true
  }
}
