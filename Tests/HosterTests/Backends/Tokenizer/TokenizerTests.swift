import Foundation
import Testing

@testable import Hoster

/// Swift holds letters with their accents in one and apart for equal; here they are not.
private func isSame(_ one: String, _ other: String) -> Bool { Array(one.utf8) == Array(other.utf8) }

@Suite("Tokenizers", .timeLimit(.minutes(5)))
struct TokenizerTests {
  @Test("Token ids become the text that the tokenizers library makes of them", arguments: GoldenTokenizer.allCases)
  func decode(_ golden: GoldenTokenizer) throws {
    let tokenizer = try Tokenizer(contentsOf: golden.path, vocabularySize: golden.size)
    let vectors = try golden.vectors()
    for known in vectors.decode {
      #expect(isSame(tokenizer.decode(known.ids), known.text), "\(known.ids)")
    }
    #expect(vectors.decode.contains { $0.text.contains("\u{fffd}") })
    #expect(tokenizer.decode([-1, .min, .max]) == "")
  }

  @Test("Pieces become the token ids to which the library's model merges them", arguments: GoldenTokenizer.allCases)
  func encode(_ golden: GoldenTokenizer) throws {
    let tokenizer = try Tokenizer(contentsOf: golden.path, vocabularySize: golden.size)
    let vectors = try golden.vectors()
    for known in vectors.encode { #expect(try tokenizer.encode(known.text) == known.ids, "\(known.text)") }
    #expect(vectors.encode.count { $0.ids.count > 1 } > 20)
    #expect(try tokenizer.encode("") == [])
  }

  @Test("Other decoders that files have leave out what the library leaves out")
  func otherDecoders() throws {
    let text = try GoldenTokenizer.spaces.text()
    let start = try #require(text.range(of: #""decoder":"#)).upperBound
    let end = try #require(text.range(of: #","model":"#)).lowerBound
    let others = try GoldenTokenizer.spaces.vectors().decoders
    #expect(others.count == 3)
    for other in others {
      let changed = text[..<start] + other.decoder + text[end...]
      let tokenizer = try Tokenizer(json: Array(changed.utf8), vocabularySize: GoldenTokenizer.spaces.size)
      for known in other.decode { #expect(isSame(tokenizer.decode(known.ids), known.text), "\(known.ids)") }
    }
    #expect(Set(others.map { $0.decode.map(\.text) }).count == 3)
  }

  @Test("Without tokens for bytes unknown characters become the unknown token, and without that they are refused")
  func unknownCharacters() throws {
    let golden = GoldenTokenizer.spaces
    let fallback = #""byte_fallback":true"#
    let tokenizer = try golden.replacing(fallback, by: #""byte_fallback":false"#)
    let vectors = try #require(try golden.vectors().without_bytes)
    // Then <0x0A> is a token like others, which merges don't lead to.
    for known in vectors where known.text != "<0x0A>" {
      #expect(try tokenizer.encode(known.text) == known.ids, "\(known.text)")
    }
    #expect(vectors.contains { $0.ids.contains(0) })
    let strict = try golden.replacing(#""unk_token":"<unk>","#, by: "").encode("ꙮ")
    #expect(strict == [237, 156, 177])
    let text = try golden.text().replacingOccurrences(of: fallback, with: #""byte_fallback":false"#)
      .replacingOccurrences(of: #""unk_token":"<unk>","#, with: "")
    let poor = try Tokenizer(json: Array(text.utf8), vocabularySize: golden.size)
    #expect { try poor.encode("ꙮ") } throws: { ($0 as? InferenceError)?.kind == .upstream }
  }

  @Test("A piece that is one token is that token, whatever the merges make of it; a byte's name is not the byte")
  func wholePieces() throws {
    let bytes = try Tokenizer(contentsOf: GoldenTokenizer.bytes.path, vocabularySize: 481)
    #expect(try bytes.encode("<|endoftext|>") == [0])
    #expect(try bytes.encode("<tool>") == [480])
    #expect(bytes.decode([480, 0]) == "<tool><|endoftext|>")
    let spaces = try Tokenizer(contentsOf: GoldenTokenizer.spaces.path, vocabularySize: 584)
    #expect(try spaces.encode("</s>") == [2])
    #expect(try !spaces.encode("<0x0A>").contains(13) && spaces.encode("\n") == [260])
    let lone = #"{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0,"b":1,"ab":2},"merges":[]}}"#
    #expect(try Tokenizer(json: Array(lone.utf8), vocabularySize: 3).encode("ab") == [2])
  }

  @Test("The longest piece is merged to its end, and a longer one refused")
  func longPieces() throws {
    let names = (0...10).map { String(repeating: "a", count: 1 << $0) }
    let vocabulary = names.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
    let merges = names.dropLast().map { "\"\($0) \($0)\"" }.joined(separator: ",")
    let text =
      #"{"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{\#(vocabulary)},"merges":[\#(merges)]}}"#
    let tokenizer = try Tokenizer(json: Array(text.utf8), vocabularySize: 11)
    let longest = String(repeating: "a", count: Tokenizer.maximumPiece)
    #expect(try tokenizer.encode(longest) == Array(repeating: 10, count: Tokenizer.maximumPiece >> 10))
    #expect(try tokenizer.encode(String(repeating: "a", count: 1023)) == (0...9).reversed().map { Int32($0) })
    #expect { try tokenizer.encode(longest + "a") } throws: { ($0 as? InferenceError)?.kind == .upstream }
  }

  private static let decoder = #""decoder":{"type":"ByteLevel"}"#

  @Test(
    "What is no tokenizer of this kind, or contradicts itself, is refused with its reason",
    arguments: [
      ("", TokenizerError.Code.malformed, "byte 0"), ("[]", .malformed, "byte 0"), ("{}", .malformed, "no model"),
      (#"{"model":{}}"#, .unsupported, "no BPE"), (#"{"model":{"type":7}}"#, .malformed, "type"),
      (#"{"model":{"type":"WordPiece","vocab":{}},\#(decoder)}"#, .unsupported, "WordPiece"),
      (#"{"model":{"type":"Unigram","vocab":[["a",-1.5]]},\#(decoder)}"#, .unsupported, "Unigram"),
      (#"{"model":{"vocab":{},"merges":[],"end_of_word_suffix":"</w>"},\#(decoder)}"#, .unsupported, "suffix"),
      (#"{"model":{"vocab":{},"merges":[]}}"#, .unsupported, "no decoder"),
      (#"{"model":{"vocab":{},"merges":[]},"decoder":null}"#, .unsupported, "no decoder"),
      (#"{"model":{"vocab":{},"merges":[]},"decoder":[]}"#, .malformed, "decoder"),
      (#"{"model":{"vocab":{},"merges":[]},"decoder":{"type":"CTC"}}"#, .unsupported, "CTC"),
      (#"{"model":{"vocab":{},"merges":[]},"decoder":{"type":"Fuse"}}"#, .unsupported, "neither"),
      (#"{"model":{"vocab":{"a":0,"a":1},"merges":[]},\#(decoder)}"#, .inconsistent, "twice"),
      (#"{"model":{"vocab":{"a":0,"b":0},"merges":[]},\#(decoder)}"#, .inconsistent, "as another"),
      (#"{"model":{"vocab":{"a":9},"merges":[]},\#(decoder)}"#, .inconsistent, "9 token ids"),
      (#"{"model":{"vocab":{"a":-1},"merges":[]},\#(decoder)}"#, .malformed, "byte 23"),
      (#"{"model":{"vocab":{"a":9999999999999999999},"merges":[]},\#(decoder)}"#, .malformed, "byte"),
      (#"{"model":{"vocab":{"a":0},"merges":["a a"]},\#(decoder)}"#, .inconsistent, "\"aa\""),
      (#"{"model":{"vocab":{"a":0,"aa":1},"merges":["a aa"]},\#(decoder)}"#, .inconsistent, "\"aaa\""),
      (#"{"model":{"vocab":{"a":0,"aa":1},"merges":["aa"]},\#(decoder)}"#, .malformed, "byte"),
      (#"{"model":{"vocab":{"a":0,"aa":1},"merges":[["a","a","a"]]},\#(decoder)}"#, .malformed, "byte"),
      (#"{"model":{"vocab":{"a":0},"merges":[],"unk_token":"u"},\#(decoder)}"#, .inconsistent, "\"u\""),
      (
        #"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder),"added_tokens":[{"id":1,"content":"a"}]}"#, .inconsistent,
        "1"
      ),
      (
        #"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder),"added_tokens":[{"id":0,"content":"b"}]}"#, .inconsistent,
        "b"
      ),
      (
        #"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder),"added_tokens":[{"id":-1,"content":"b"}]}"#, .inconsistent,
        "-1"
      ),
      (#"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder),"added_tokens":7}"#, .malformed, "added_tokens"),
      (#"{"model":{"vocab":{"\ud800":0},"merges":[]},\#(decoder)}"#, .malformed, "byte"),
      (#"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder)}}"#, .malformed, "byte"),
      (#"{"model":{"vocab":{"a":0},"merges":[]},\#(decoder),"x":[}"#, .malformed, "byte"),
      (#"{"x":"# + String(repeating: "[", count: 1 << 20), .malformed, "byte 69"),
    ])
  func refusals(_ text: String, _ code: TokenizerError.Code, _ reason: String) {
    #expect {
      try Tokenizer(json: Array(text.utf8), vocabularySize: 9)
    } throws: {
      ($0 as? TokenizerError)?.kind == code && "\($0)".contains(reason)
    }
  }

  @Test("Files that can't be read are refused with their path")
  func files() throws {
    let folder = TemporaryFolder()
    let long = try folder.write([], to: "long.json")
    try #require(truncate(long, off_t(TokenizerFile.maximumSize + 1)) == 0)
    let cut = try folder.write(Data(contentsOf: URL(filePath: GoldenTokenizer.bytes.path)).dropLast(9), to: "cut.json")
    let binary = try folder.write([0x7b, 0xff, 0x7d], to: "binary.json")
    for (path, code) in [
      ("\(folder.path)/none.json", TokenizerError.Code.notFound), (folder.path, .unreadable), (long, .tooLarge),
      (cut, .malformed), (binary, .malformed),
    ] {
      #expect {
        try Tokenizer(contentsOf: path, vocabularySize: 481)
      } throws: {
        ($0 as? TokenizerError)?.kind == code && "\($0)".contains(path)
      }
    }
  }

  @Test(
    "Damaged files are refused or remain a tokenizer, and never more than that", arguments: GoldenTokenizer.allCases)
  func damage(_ golden: GoldenTokenizer) throws {
    let whole = Array(try golden.text().utf8)
    var random = SeededGenerator(seed: 8)
    var refused = 0
    for _ in 0..<200 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[position] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[position] = try #require("{}[]\",:\\0e".utf8.randomElement(using: &random))
        case 2: bytes.removeSubrange(position..<min(bytes.count, position + 9))
        default: bytes.insert(contentsOf: whole[position...].prefix(30), at: position)
        }
      }
      do throws(TokenizerError) {
        let tokenizer = try Tokenizer(json: bytes, vocabularySize: golden.size)
        let ids = (0..<50).map { _ in Int32.random(in: -5..<600, using: &random) }
        let text = tokenizer.decode(ids)
        let again = (try? tokenizer.encode(text)) ?? []
        #expect(again.allSatisfy { 0..<golden.size ~= Int($0) } && again.count <= text.utf8.count)
      } catch {
        refused += 1
      }
    }
    #expect(50..<200 ~= refused)
  }
}
