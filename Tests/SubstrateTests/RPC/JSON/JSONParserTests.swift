import Foundation
import Substrate
import Testing

@Suite("JSON parser")
struct JSONParserTests {
  private func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), limits: limits)
  }

  private func refusal(_ text: String, limits: JSONLimits = JSONLimits()) -> JSONError.Code? {
    do {
      _ = try JSONValue(parsing: Array(text.utf8), limits: limits)
      return nil
    } catch {
      return error.kind
    }
  }

  @Test("Every kind of value is read")
  func kinds() throws {
    let value = try parse(#" {"a":[null,true,false,-1,1.5,"x"],"b":{},"c":[] } "#)
    #expect(value == ["a": [nil, true, false, -1, 1.5, "x"], "b": [:], "c": []])
  }

  @Test(
    "Integers keep every digit",
    arguments: [
      "0", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615",
      "-9223372036854775808", "-9223372036854775809", "340282366920938463463374607431768211455",
      "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    ])
  func integers(_ digits: String) throws {
    let value = try parse(digits)
    #expect(value.description == digits)
    #expect(value.integerValue == JSONInteger(digits: digits))
    #expect(value.uint128Value == UInt128(digits))
    #expect(value.int64Value == Int64(digits))
    #expect(value.uint64Value == UInt64(digits))
  }

  @Test("Equal integers are equal values, however they are written")
  func canonicalIntegers() throws {
    #expect(JSONInteger(digits: "00012") == JSONInteger(12))
    #expect(JSONInteger(digits: "-0") == JSONInteger(0))
    #expect(JSONInteger(digits: "000340282366920938463463374607431768211455") == JSONInteger(UInt128.max))
    #expect(JSONInteger(digits: "") == nil)
    #expect(JSONInteger(digits: "-") == nil)
    #expect(JSONInteger(digits: "+1") == nil)
    #expect(JSONInteger(digits: "1e3") == nil)
    #expect(JSONInteger(digits: String(repeating: "1", count: JSONInteger.maximumDigits + 1)) == nil)
  }

  @Test("Escapes and characters outside the first plane are read")
  func strings() throws {
    #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#) == "\"\\/\u{8}\u{c}\n\r\té😀é")
  }

  @Test(
    "What is not JSON is refused with its reason",
    arguments: [
      ("", JSONError.Code.truncated), ("[", .truncated), ("[1", .truncated), ("[1,", .truncated),
      (#"{"a""#, .truncated), (#"{"a":"#, .truncated), (#""a"#, .truncated), (#""\"#, .truncated),
      (#""\u12"#, .truncated), ("-", .truncated), ("1.", .truncated), ("1e", .truncated), ("tru", .truncated),
      ("[1,]", .unexpectedByte), ("{1:2}", .unexpectedByte), (#"{"a" 1}"#, .unexpectedByte),
      ("[1 2]", .unexpectedByte), ("nul_", .unexpectedByte), ("'a'", .unexpectedByte),
      ("NaN", .unexpectedByte),
      ("\u{FEFF}1", .unexpectedByte), ("1 1", .trailingBytes), ("{}}", .trailingBytes),
      ("01", .invalidNumber), ("-x", .invalidNumber), ("1.x", .invalidNumber), ("1e999", .invalidNumber),
      (#""\x""#, .invalidString), (#""\ud800""#, .invalidString), (#""\ud800\u0041""#, .invalidString),
      (#""\udc00""#, .invalidString), ("\"a\nb\"", .invalidString), (#""\u12g4""#, .invalidString),
      (#"{"a":1,"a":2}"#, .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
    ])
  func refusals(_ text: String, _ reason: JSONError.Code) {
    #expect(refusal(text) == reason, "\(text)")
  }

  @Test("Bytes that are not UTF-8 are refused, with and without escapes")
  func utf8() {
    for bytes: [UInt8] in [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
    ] {
      for prefix in ["\"", "\"\\n"] {
        let text = Array(prefix.utf8) + bytes + Array("\"".utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
      }
    }
  }

  @Test("Nesting is bounded, in arrays and in objects")
  func depth() throws {
    let limits = JSONLimits(depth: 8)
    func arrays(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    func objects(_ depth: Int) -> String {
      String(repeating: #"{"a":"#, count: depth) + "0" + String(repeating: "}", count: depth)
    }
    #expect(refusal(arrays(8), limits: limits) == nil)
    #expect(refusal(arrays(9), limits: limits) == .tooDeep)
    #expect(refusal(objects(8), limits: limits) == nil)
    #expect(refusal(objects(9), limits: limits) == .tooDeep)
    #expect(refusal(String(repeating: "[", count: 1 << 20)) == .tooDeep)
  }

  @Test("The number of values is bounded, and containers weigh more than numbers")
  func values() {
    let limits = JSONLimits(values: 100)
    func list(_ element: String, _ count: Int) -> String {
      "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
    }
    #expect(refusal(list("0", 90), limits: limits) == nil)
    #expect(refusal(list("0", 100), limits: limits) == .tooManyValues)
    #expect(refusal(list("[]", 25), limits: limits) == .tooManyValues)
    #expect(refusal(list("{}", 10), limits: limits) == .tooManyValues)
  }

  @Test("No prefix of a text and no changed byte crashes the parser, and no prefix is accepted")
  func mutations() throws {
    let text = Array(
      #"{"jsonrpc":"2.0","id":17,"result":[1,-2.5e3,"a\u00e9\n",{"k":null,"l":[true,false]}]}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<length])) }
    }
    var generator = SplitMix64(seed: 7)
    for _ in 0..<20_000 {
      var mutant = text
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        mutant[Int.random(in: 0..<mutant.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      // Foundation is the oracle for what is accepted, the policy on doubled names aside.
      if let value = try? JSONValue(parsing: mutant) {
        let data = Data(mutant)
        #expect((try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil)
        #expect(try JSONValue(parsing: value.encoded()) == value)
      }
    }
  }

  @Test("Values survive writing and reading, and Foundation reads them alike")
  func roundTrip() throws {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<2_000 {
      let value = JSONValue.random(depth: 4, using: &generator)
      let bytes = value.encoded()
      #expect(try JSONValue(parsing: bytes) == value)
      #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == value)
      #expect(try JSONValue(parsing: Array(JSONEncoder().encode(value))) == value)
    }
  }
}

extension JSONValue {
  fileprivate static func random(depth: Int, using generator: inout SplitMix64) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &generator) {
    case 0: .null
    case 1: .bool(Bool.random(using: &generator))
    case 2: JSONValue(Int64.random(in: .min ... .max, using: &generator))
    case 3: JSONValue(UInt128.random(in: .min ... .max, using: &generator))
    case 4: JSONValue(UInt8.random(in: .min ... .max, using: &generator))
    // A half: a fraction without rounding, and never an integer in disguise.
    case 5: .double(Double(Int32.random(in: .min ... .max, using: &generator)) + 0.5)
    case 6:
      .string(String((0..<Int.random(in: 0..<20, using: &generator)).map { _ in character(&generator) }))
    case 7:
      .array(
        (0..<Int.random(in: 0..<6, using: &generator)).map { _ in random(depth: depth - 1, using: &generator)
        })
    default:
      .object(
        Dictionary(
          (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
            (String(character(&generator)), random(depth: depth - 1, using: &generator))
          }, uniquingKeysWith: { first, _ in first }))
    }
  }

  private static func character(_ generator: inout SplitMix64) -> Character {
    let scalars: [UInt32] = [0x00, 0x1F, 0x22, 0x2F, 0x5C, 0x41, 0x7A, 0xE9, 0x20AC, 0x1F600]
    return Unicode.Scalar(scalars.randomElement(using: &generator) ?? 0x41).map(Character.init) ?? "A"
  }
}
