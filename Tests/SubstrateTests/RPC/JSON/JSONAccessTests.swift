import Substrate
import Testing

@Suite("JSON access")
struct JSONAccessTests {
  @Test("Hex text gives its bytes, and nothing else does")
  func hexBytes() {
    #expect(JSONValue.string("0x00fFAb").hexBytes == [0x00, 0xFF, 0xAB])
    #expect(JSONValue.string("0x").hexBytes == [])
    for text in ["", "0", "00ff", "0x0", "0x0g", "0X00", "0x00 ", "é"] {
      #expect(JSONValue.string(text).hexBytes == nil, "\(text)")
    }
    #expect(JSONValue(7).hexBytes == nil)
    #expect(JSONValue(hex: [0, 255, 16]) == "0x00ff10")
  }

  @Test("Hex numbers are unsigned and at most 128 bits")
  func hexNumber() {
    #expect(JSONValue.string("0xba").hexNumber == 186)
    #expect(JSONValue.string("0x0").hexNumber == 0)
    #expect(JSONValue.string("0x" + String(repeating: "f", count: 32)).hexNumber == .max)
    for text in ["0x", "ba", "0x-1", "0x+1", "0x" + String(repeating: "f", count: 33)] {
      #expect(JSONValue.string(text).hexNumber == nil, "\(text)")
    }
  }

  @Test("Arrays of byte values give bytes; anything outside 0 to 255 does not")
  func byteArray() {
    #expect(JSONValue(byteArray: [0, 9, 10, 99, 100, 255]).byteArray == [0, 9, 10, 99, 100, 255])
    #expect(JSONValue(byteArray: [0, 9, 10, 99, 100, 255]).description == "[0,9,10,99,100,255]")
    #expect(JSONValue.array([256]).byteArray == nil)
    #expect(JSONValue.array([-1]).byteArray == nil)
    #expect(JSONValue.array([1.5]).byteArray == nil)
    #expect(JSONValue.string("0x00").byteArray == nil)
  }

  @Test("Subscripts never trap")
  func subscripts() {
    let value: JSONValue = ["a": [1, 2]]
    #expect(value["a"]?[1] == 2)
    #expect(value["a"]?[2] == nil)
    #expect(value["a"]?[-1] == nil)
    #expect(value["b"] == nil)
    #expect(value[0] == nil)
  }

  @Test("A required view that is missing is a malformed error that names the subject, not the content")
  func required() throws {
    let value: JSONValue = "secret"
    #expect(try value.required(\.stringValue, "the result") == "secret")
    let error = #expect(throws: RPCError.self) { try value.required(\.uint64Value, "the result of x") }
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains("the result of x") == true)
    #expect(error?.description.contains("secret") == false)
  }
}
