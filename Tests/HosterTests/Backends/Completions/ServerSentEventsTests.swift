import Testing

@testable import Hoster

@Suite("Server-sent events")
struct ServerSentEventsTests {
  private static func events(_ text: String, piece: Int = .max) throws -> [String] {
    var parser = ServerSentEvents()
    var rest = Array(text.utf8)[...]
    var events: [String] = []
    while !rest.isEmpty {
      events += try parser.receive(rest.prefix(piece)).map { String(decoding: $0, as: UTF8.self) }
      rest = rest.dropFirst(piece)
    }
    return events
  }

  @Test(
    "The examples of the standard give what it says, however the bytes are cut",
    arguments: [
      ("data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]),
      (
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        ["first event", "second event", " third event"]
      ),
      ("data\n\ndata\ndata\n\ndata:", ["", "\n"]), ("data:test\n\ndata: test\n\n", ["test", "test"]),
      ("event: add\ndata: 73857293\r\n\r\nevent: remove\rdata: 2153\r\r", ["73857293", "2153"]),
      ("\u{feff}data: a\n\n\u{feff}data: b\n\n", ["a"]), ("dat: a\n\nretry: 1\n\n:\n\n\n\n", []),
      ("data: a: b\r\ndata:c\r\n\r\n", ["a: b\nc"]), ("data: never ended\n", []),
    ])
  func examples(_ text: String, _ expected: [String]) throws {
    for piece in [1, 2, 3, .max] { #expect(try Self.events(text, piece: piece) == expected) }
  }

  @Test("An event without end is refused at the limit, whether as one line or as many")
  func bounds() throws {
    for (line, count) in [("data: ", 1), ("data:\n", 101), (": ", 1)] {
      var parser = ServerSentEvents(maximumLength: 100)
      var beginning = Array(String(repeating: line, count: count).utf8)
      if count == 1 { beginning += Array(repeating: UInt8(ascii: "x"), count: 100 - line.utf8.count) }
      #expect(try parser.receive(beginning).isEmpty)
      #expect { try parser.receive("data:\n".utf8) } throws: { ($0 as? InferenceError)?.kind == .upstream }
    }
  }
}

@Suite("Streamed completions")
struct CompletionsReaderTests {
  private static func read(_ events: [String]) throws -> (tokens: [Int32], isDone: Bool) {
    var reader = CompletionsReader(vocabularySize: 100)
    let tokens = try reader.receive(events.map { "data: \($0)\n\n" }.joined().utf8)
    return (tokens, reader.isDone)
  }

  @Test("Tokens come out in order, chunks without any and what follows the end count for nothing")
  func tokens() throws {
    let first =
      #"{"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":"","prompt_token_ids":[1],"#
      + #""token_ids":[7],"finish_reason":null}],"usage":null}"#
    let answer = try Self.read([
      first, #"{"choices":[{"index":0,"text":" a","token_ids":[99,0]}]}"#,
      #"{"choices":[{"text":"","token_ids":null}]}"#,
      #"{"choices":[],"usage":{"total_tokens":4}}"#, "[DONE]", "rubbish",
    ])
    #expect(answer.tokens == [7, 99, 0] && answer.isDone)
  }

  @Test(
    "What is no completion ends with a reason",
    arguments: [
      ("", InferenceError.Code.upstream), ("{", .upstream), ("[1]", .upstream), ("{}}", .upstream),
      (#"{"error":{"message":"out of memory","code":500}}"#, .upstream), (#"{"error":{}}"#, .upstream),
      (#"{"choices":[{"token_ids":[100]}]}"#, .upstream), (#"{"choices":[{"token_ids":[-1]}]}"#, .upstream),
      (#"{"choices":[{"token_ids":[1e30]}]}"#, .upstream), (#"{"choices":[{"token_ids":"1"}]}"#, .upstream),
      (String(repeating: "[", count: 100_000), .upstream), (#"{"choices":[{"text":" a"}]}"#, .noTokenIDs),
    ])
  func refusals(_ event: String, _ code: InferenceError.Code) {
    #expect { try Self.read([event]) } throws: { ($0 as? InferenceError)?.kind == code }
  }

  @Test("An answer that breaks off is not complete")
  func brokenOff() throws {
    let reader = CompletionsReader(vocabularySize: 100)
    #expect { try reader.finish() } throws: { ($0 as? InferenceError)?.kind == .upstream }
  }
}
