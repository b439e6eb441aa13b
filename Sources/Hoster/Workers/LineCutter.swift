/// Cuts what a worker writes into lines of bounded length. What exceeds the length is dropped up to the line's end.
struct LineCutter {
  let limit: Int
  private var partial: [UInt8] = []
  private var isCut = false

  init(limit: Int) { self.limit = limit }

  /// Takes bytes in, and gives the lines that they complete to `take`, with whether they were cut.
  mutating func append(_ bytes: some Sequence<UInt8>, _ take: ([UInt8], Bool) -> Void) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        finish(take)
      } else if partial.count < limit {
        partial.append(byte)
      } else {
        isCut = true
      }
    }
  }

  /// The last line may have no end.
  mutating func finishInput(_ take: ([UInt8], Bool) -> Void) {
    if !partial.isEmpty || isCut { finish(take) }
  }

  private mutating func finish(_ take: ([UInt8], Bool) -> Void) {
    take(partial, isCut)
    partial.removeAll(keepingCapacity: true)
    isCut = false
  }
}
