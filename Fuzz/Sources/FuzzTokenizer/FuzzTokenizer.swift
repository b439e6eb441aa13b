import Fuzzing

@testable import Hoster

/// A `tokenizer.json` up to a zero byte, and behind it a piece of an answer.
@main
struct FuzzTokenizer: FuzzTarget {
  private static let vocabularySize = 64

  func seeds() throws -> [[UInt8]] {
    let bytes = #"{"type":"ByteLevel"}"#
    let spaces = #"{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Metaspace"}]}"#
    let replacing = #"{"type":"Replace","pattern":{"String":"▁"},"content":" "}"#
    let files = [
      file(#"{"a":0,"b":1,"ab":2,"Ġ":3}"#, #"["a b"]"#, bytes),
      file(#"{"a":0,"b":1,"ab":2,"aba":3,"▁":4,"<0x0A>":6}"#, #"[["a","b"],["ab","a"]]"#, spaces),
      file(#"{"é":0,"e\u0301":7}"#, "[]", replacing),
    ]
    return files.map { Array($0.utf8) + [0] + Array("ab aba\né".utf8) }
  }

  private func file(_ vocabulary: String, _ merges: String, _ decoder: String) -> String {
    """
    {"added_tokens":[{"id":9,"content":"<end>"}],"decoder":\(decoder),"model":{"type":"BPE","unk_token":"<unk>",\
    "byte_fallback":true,"fuse_unk":true,"vocab":\(vocabulary.replacing("}", with: #","<unk>":10}"#)),"merges":\(merges)}}
    """
  }

  func take(_ input: [UInt8]) {
    let json = input.prefix { $0 != 0 }
    guard let tokenizer = try? Tokenizer(json: Array(json), vocabularySize: Self.vocabularySize) else { return }
    let piece = String(decoding: input.dropFirst(json.count + 1), as: UTF8.self)
    if let tokens = try? tokenizer.encode(piece) {
      promise(tokens.allSatisfy { (0..<Int32(Self.vocabularySize)).contains($0) }, "a token is not in the vocabulary")
      promise(tokens.count <= piece.utf8.count, "a piece has more tokens than bytes")
      _ = tokenizer.decode(tokens)
    }
    _ = tokenizer.decode(Array(-1...Int32(Self.vocabularySize)))
  }
}
