import Foundation
import Testing

@testable import Hoster

@Suite("Files of weights")
struct SafetensorsReaderTests {
  private static func tensor(_ name: String, _ type: String, _ shape: String, _ range: String) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(range)}"#
  }

  @Test("Numbers of every type for weights are read, wherever the header's length puts them", arguments: 0..<8)
  func values(_ padding: Int) throws {
    let tensors = [
      Self.tensor("single", "F32", "[2]", "[0,8]"), Self.tensor("half", "F16", "[1,3]", "[8,14]"),
      Self.tensor("brain", "BF16", "[2,1]", "[14,18]"), Self.tensor("empty", "F32", "[0,7]", "[8,8]"),
      Self.tensor("scalar", "F32", "[]", "[18,22]"), #""__metadata__":{"format":"pt"}"#,
    ]
    let file = SafetensorsFile(
      header: "{\(tensors.joined(separator: ","))}" + String(repeating: " ", count: padding),
      // 1, -2; 1, the smallest positive half, 65504; 1, -0; 0.1
      data: [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0] + [0, 0x3c, 1, 0, 0xff, 0x7b] + [0x80, 0x3f, 0, 0x80]
        + [0xcd, 0xcc, 0xcc, 0x3d])
    let read = try file.read()
    #expect(read["single"] == [1, -2])
    #expect(read["half"] == [1, 0x1p-24, 65504])
    #expect(read["brain"] == [1, 0] && read["brain"]?.last?.sign == .minus)
    #expect(read["empty"] == [] && read["scalar"] == [0.1])
  }

  private static let lies: [(String, SafetensorsFile, ModelError.Code)] = [
    ("no header", SafetensorsFile(header: ""), .malformed),
    ("a list", SafetensorsFile(header: "[]"), .malformed),
    ("half of it", SafetensorsFile(header: #"{"a":"#), .malformed),
    ("half a name", SafetensorsFile(header: "{\"\u{0}"), .malformed),
    ("deep nesting", SafetensorsFile(header: #"{"a":"# + String(repeating: "[", count: 100_000)), .malformed),
    ("deep objects", SafetensorsFile(header: String(repeating: #"{"a":"#, count: 100_000)), .malformed),
    ("a header behind the end", SafetensorsFile(header: "{}", claimedLength: 3), .truncated),
    ("a header of 2⁶⁴ bytes", SafetensorsFile(header: "{}", claimedLength: .max), .truncated),
    ("a header of 2⁶³ bytes", SafetensorsFile(header: "{}", claimedLength: 1 << 63), .truncated),
    ("a header above the limit", SafetensorsFile(header: "{}" + String(repeating: " ", count: 1 << 20)), .tooLarge),
    ("bytes that no tensor claims", SafetensorsFile(header: "{}", data: [0]), .malformed),
    ("data behind the end", one(shape: "[2]", range: "[0,8]"), .truncated),
    ("data at the end of memory", one(shape: "[1]", range: "[9223372036854775803,9223372036854775807]"), .malformed),
    ("numbers beyond 64 bits", one(shape: "[1]", range: "[0,18446744073709551620]"), .malformed),
    ("a range that runs backwards", one(shape: "[1]", range: "[4,0]"), .malformed),
    ("a negative range", one(shape: "[1]", range: "[-4,0]"), .malformed),
    ("a range of one number", one(shape: "[1]", range: "[4]"), .malformed),
    ("a range of fractions", one(shape: "[1]", range: "[0,4.5]"), .malformed),
    ("a hole", one(shape: "[0]", range: "[4,4]"), .malformed),
    ("a shape that is too small", one(shape: "[]", range: "[0,0]"), .malformed),
    ("a shape that overflows", one(shape: "[4611686018427387904,4]", range: "[0,4]"), .malformed),
    ("a shape that overflows to the truth", one(shape: "[4611686018427387905,1]", range: "[0,4]"), .malformed),
    ("two negative lengths", one(shape: "[-1,-1]", range: "[0,4]"), .malformed),
    ("nine dimensions", one(shape: "[1,1,1,1,1,1,1,1,1]", range: "[0,4]"), .malformed),
    ("an unknown type", one(type: "F31", shape: "[1]", range: "[0,4]"), .unsupported),
    ("no weights", one(type: "I32", shape: "[1]", range: "[0,4]"), .unsupported),
    ("a name without end", one(name: String(repeating: "n", count: 257), shape: "[1]", range: "[0,4]"), .malformed),
    (
      "an overlap",
      SafetensorsFile(
        header: "{\(tensor("a", "F32", "[1]", "[0,4]")),\(tensor("b", "F16", "[1]", "[2,4]"))}", data: [0, 0, 0, 0]),
      .malformed
    ),
    (
      "a tensor twice",
      SafetensorsFile(
        header: "{\(tensor("a", "F32", "[1]", "[0,4]")),\(tensor("a", "F32", "[1]", "[4,8]"))}",
        data: Array(repeating: 0, count: 8)),
      .malformed
    ),
    (
      "too many tensors",
      SafetensorsFile(
        header: "{" + (0...8192).map { tensor("\($0)", "U8", "[0]", "[0,0]") }.joined(separator: ",") + "}"), .tooLarge
    ),
    ("infinity", one(shape: "[1]", range: "[0,4]", data: [0, 0, 0x80, 0x7f]), .notFinite),
    ("no number", one(type: "BF16", shape: "[2]", range: "[0,4]", data: [0, 0, 0xc0, 0xff]), .notFinite),
    ("an infinite half", one(type: "F16", shape: "[2]", range: "[0,4]", data: [0, 0, 0, 0xfc]), .notFinite),
  ]

  private static func one(
    name: String = "a", type: String = "F32", shape: String, range: String, data: [UInt8] = [0, 0, 0, 0]
  ) -> SafetensorsFile {
    SafetensorsFile(header: "{\(tensor(name, type, shape, range))}", data: data)
  }

  @Test("S10 a file that lies is refused with its reason", arguments: lies.indices)
  func lie(_ index: Int) {
    let (what, file, code) = Self.lies[index]
    #expect("\(what)") { try file.read() } throws: { ($0 as? ModelError)?.kind == code }
  }

  @Test("A file cut anywhere is refused")
  func cuts() throws {
    let whole = Self.one(shape: "[1]", range: "[0,4]").bytes
    let folder = TemporaryFolder()
    for length in 0..<whole.count {
      let path = try folder.write(whole.prefix(length), to: "model.safetensors")
      #expect(throws: ModelError.self) { _ = try SafetensorsReader(path) }
    }
  }

  @Test("A file that is cut while it is read ends in an error")
  func truncation() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(Self.one(shape: "[1]", range: "[0,4]").bytes, to: "model.safetensors")
    let reader = try SafetensorsReader(path)
    try #require(truncate(path, 8) == 0)
    do {
      _ = try reader.read(where: { _ throws(ModelError) in true }, { _, _ in })
      Issue.record("a tensor was read that is not there")
    } catch {
      #expect(error.kind == .truncated)
    }
  }

  @Test("What is no plain file is refused at once, a link to one is followed")
  func kinds() throws {
    let folder = TemporaryFolder()
    let (pipe, link) = ("\(folder.path)/pipe", "\(folder.path)/link")
    try #require(mkfifo(pipe, 0o600) == 0)
    let file = try folder.write(Self.one(shape: "[1]", range: "[0,4]").bytes, to: "file")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    for (path, code) in [(pipe, ModelError.Code.unreadable), (folder.path, .unreadable), ("\(link)s", .notFound)] {
      do {
        _ = try SafetensorsReader(path)
        Issue.record("\(path) was read")
      } catch { #expect(error.kind == code) }
    }
    #expect(try SafetensorsReader(link).header.tensors.count == 1)
  }

  @Test("Names from a file are shown shortened and escaped")
  func escaping() {
    let file = Self.one(
      name: "\\u001b[2J" + String(repeating: "x", count: 100), type: "F31", shape: "[]", range: "[0,4]")
    #expect {
      try file.read()
    } throws: {
      !"\($0)".contains("\u{1b}") && "\($0)".contains("\\u{1B}[2J") && "\($0)".count < 300
    }
  }
}
