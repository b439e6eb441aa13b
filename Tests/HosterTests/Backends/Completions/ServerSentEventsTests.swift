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
  private static func read(
    _ events: [String], _ tokenizer: Tokenizer? = nil
  ) throws -> (tokens: [Int32], isDone: Bool) {
    var reader = CompletionsReader(vocabularySize: 100, tokenizer: tokenizer)
    let parts = try reader.receive(events.map { "data: \($0)\n\n" }.joined().utf8)
    return (parts.flatMap(\.tokens), reader.isDone)
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

  @Test("llama.cpp's ids stand beside their probabilities; what it counts and may hide is kept")
  func llama() throws {
    func chunk(_ text: String, _ ids: [Int], _ count: Int, _ end: String = "null") -> String {
      let content = ids.map { #"{"id":\#($0),"token":"?","bytes":[63],"logprob":-1.5,"top_logprobs":[]}"# }
      let probabilities = ids.isEmpty ? "null" : #"{"content":[\#(content.joined(separator: ","))]}"#
      return #"data: {"choices":[{"text":"\#(text)","index":0,"logprobs":\#(probabilities),"finish_reason":\#(end)}],"#
        + #""timings":{"cache_n":0,"predicted_n":\#(count),"predicted_ms":1.25}}"# + "\n\n"
    }
    var reader = CompletionsReader(vocabularySize: 100)
    let answer = chunk("a", [7], 1) + chunk("\u{e9}b", [99], 3) + chunk("", [], 4, #""length""#)
    #expect(
      try reader.receive(answer.utf8) == [
        CompletionsPart(tokens: [7], computed: 1), CompletionsPart(tokens: [99], computed: 3, mayHide: true),
        CompletionsPart(computed: 4, end: "length"),
      ])
  }

  @Test("With a tokenizer text becomes ids piece by piece, and ids are still taken as they are")
  func text() throws {
    let json =
      #"{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0,"b":1,"ab":2,"\#u{120}a":3},"merges":["a b"]}}"#
    let tokenizer = try Tokenizer(json: Array(json.utf8), vocabularySize: 100)
    let events = [
      #"{"choices":[{"text":" a","logprobs":null}],"timings":{"predicted_n":9}}"#, #"{"choices":[{"text":"ba"}]}"#,
      #"{"choices":[{"text":"aab","token_ids":[7]}]}"#, #"{"choices":[{"text":"","finish_reason":"stop"}]}"#, "[DONE]",
    ]
    let answer = try Self.read(events, tokenizer)
    #expect(answer.tokens == [3, 1, 0, 7] && answer.isDone)
    #expect {
      try Self.read([#"{"choices":[{"text":"abc"}]}"#], tokenizer)
    } throws: {
      ($0 as? InferenceError)?.kind == .upstream
    }
    #expect { try Self.read(events) } throws: { "\($0)".contains("hoster.completions-tokenizer") }
  }

  @Test(
    "What is no completion ends with a reason",
    arguments: [
      ("", InferenceError.Code.upstream), ("{", .upstream), ("[1]", .upstream), ("{}}", .upstream),
      (#"{"error":{"message":"out of memory","code":500}}"#, .upstream), (#"{"error":{}}"#, .upstream),
      (#"{"choices":[{"token_ids":[100]}]}"#, .upstream), (#"{"choices":[{"token_ids":[-1]}]}"#, .upstream),
      (#"{"choices":[{"token_ids":[1e30]}]}"#, .upstream), (#"{"choices":[{"token_ids":"1"}]}"#, .upstream),
      (String(repeating: "[", count: 100_000), .upstream), (#"{"choices":[{"text":" a"}]}"#, .noTokenIDs),
      (#"{"choices":[{"text":"a","logprobs":{"content":[{"token":"a","logprob":-1}]}}]}"#, .noTokenIDs),
      (#"{"choices":[{"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[-1]}}]}"#, .noTokenIDs),
      (#"{"choices":[{"text":"a","logprobs":{"content":[{"id":100}]}}]}"#, .upstream),
      (#"{"choices":[{"text":"a","logprobs":{"content":[{"id":1.5}]}}]}"#, .upstream),
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
