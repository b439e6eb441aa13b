import Foundation
import Testing

@testable import Hoster

@Suite("Tokens that a model server does not name")
struct CompletionsPartTests {
  private static func answer(_ tokens: [Int32], _ end: String = "length") throws -> CompletionsAnswer {
    let json = #"{"choices":[{"finish_reason":"\#(end)"}],"__verbose":{"tokens":\#(tokens)}}"#
    return try CompletionsAnswer(json: Data(json.utf8), vocabularySize: 100)
  }

  @Test("Tokens are missing before a character of several bytes and at the end, and nowhere else")
  func missing() {
    #expect(CompletionsPart(tokens: [7], computed: 6, mayHide: true).missing(behind: 3) == 2)
    #expect(CompletionsPart(tokens: [7], computed: 6, mayHide: false).missing(behind: 3) == 0)
    #expect(CompletionsPart(tokens: [7], computed: 4, mayHide: true).missing(behind: 3) == 0)
    #expect(CompletionsPart(tokens: [7], computed: nil, mayHide: true).missing(behind: 3) == 0)
    #expect(CompletionsPart(tokens: [7], computed: .min, mayHide: true).missing(behind: 3) == 0)
    #expect(CompletionsPart(tokens: [], computed: 6, mayHide: true).missing(behind: 3) == 0)
    #expect(CompletionsPart(tokens: [], computed: .max, end: "length").missing(behind: 3) == .max - 3)
  }

  @Test("What is missing is taken if the named tokens come again behind it")
  func completed() throws {
    let part = CompletionsPart(tokens: [7], computed: 6, mayHide: true)
    #expect(try part.completed(by: Self.answer([1, 2, 7]), count: 3, missing: 2) == [1, 2, 7])
    // The server has counted ahead.
    #expect(try part.completed(by: Self.answer([7, 1, 2]), count: 3, missing: 2) == [7])
    // No more is wanted.
    #expect(try part.completed(by: Self.answer([1, 2]), count: 2, missing: 2) == [1, 2])
    for other in [[1, 2, 3], [1, 7], [], [1, 2, 3, 7]] as [[Int32]] {
      #expect {
        try part.completed(by: Self.answer(other), count: 3, missing: 2)
      } throws: {
        ($0 as? InferenceError)?.kind == .upstream
      }
    }
  }

  @Test("At the end only what ends again belongs to the answer")
  func end() throws {
    let length = CompletionsPart(computed: 5, end: "length")
    #expect(try length.completed(by: Self.answer([1, 2]), count: 2, missing: 2) == [1, 2])
    #expect(throws: InferenceError.self) { try length.completed(by: Self.answer([1]), count: 2, missing: 2) }
    let stop = CompletionsPart(computed: 5, end: "stop")
    #expect(try stop.completed(by: Self.answer([1, 2], "stop"), count: 2, missing: 2) == [1, 2])
    #expect(try stop.completed(by: Self.answer([1], "stop"), count: 2, missing: 2) == [])
    #expect(try stop.completed(by: Self.answer([1, 2]), count: 2, missing: 2) == [])
  }

  @Test(
    "An answer without ids, or with strange ones, is refused",
    arguments: [
      ("", InferenceError.Code.upstream), ("[]", .upstream), (#"{"choices":[]}"#, .noTokenIDs),
      (#"{"choices":[{"text":"a"}],"__verbose":{}}"#, .noTokenIDs),
      (#"{"choices":[],"__verbose":{"tokens":[100]}}"#, .upstream),
      (#"{"choices":[],"__verbose":{"tokens":[-1]}}"#, .upstream),
      (#"{"choices":[],"__verbose":{"tokens":[1e99]}}"#, .upstream),
    ])
  func answers(_ json: String, _ code: InferenceError.Code) {
    #expect {
      try CompletionsAnswer(json: Data(json.utf8), vocabularySize: 100)
    } throws: {
      ($0 as? InferenceError)?.kind == code
    }
  }
}
