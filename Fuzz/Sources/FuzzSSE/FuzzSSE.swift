import Fuzzing

@testable import Hoster

/// What a model server streams. However the bytes are cut, the outcome must be the same.
@main
struct FuzzSSE: FuzzTarget {
  private static let limit = 512

  func seeds() throws -> [[UInt8]] {
    let chunk = #"data: {"choices":[{"text":"a","token_ids":[7,99]}]}"#
    let llama = #"data: {"choices":[{"text":"a","logprobs":{"content":[{"id":7}]}}],"timings":{"predicted_n":2}}"#
    return [
      "\(chunk)\n\ndata: [DONE]\n\n", "\(llama)\n\ndata: [DONE]\n\n",
      "\u{feff}\(chunk)\r\n\r\n: comment\r\rdata\ndata: a\n\n",
      #"data: {"error":{"message":"no memory"}}"# + "\n\n", "event: x\nid: 1\ndata:\n\n\(chunk)\n\n",
    ].map { Array($0.utf8) }
  }

  func take(_ input: [UInt8]) {
    let whole = events(input, piece: input.count)
    promise(events(input, piece: 1) == whole, "cutting changes the events")
    promise(whole?.allSatisfy { $0.count <= Self.limit } ?? true, "an event exceeds the limit")
    promise(tokens(input, piece: 1) == tokens(input, piece: input.count), "cutting changes the tokens")
  }

  /// Nil for what is refused: where in a piece that was, its caller does not learn.
  private func events(_ input: [UInt8], piece: Int) -> [[UInt8]]? {
    var parser = ServerSentEvents(maximumLength: Self.limit)
    return try? collect(input, piece) { try parser.receive($0) }
  }

  private func tokens(_ input: [UInt8], piece: Int) -> [Int32]? {
    var reader = CompletionsReader(vocabularySize: 100)
    let tokens = try? collect(input, piece) { try reader.receive($0).flatMap(\.tokens) }
    promise(tokens?.allSatisfy { (0..<100).contains($0) } ?? true, "a token is not in the vocabulary")
    return tokens
  }

  private func collect<Element>(
    _ input: [UInt8], _ piece: Int, _ receive: (ArraySlice<UInt8>) throws -> [Element]
  ) rethrows -> [Element] {
    try stride(from: 0, to: input.count, by: max(1, piece)).flatMap { try receive(input[$0...].prefix(piece)) }
  }
}
