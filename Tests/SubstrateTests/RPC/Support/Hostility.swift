import Substrate
import Testing

/// What a hostile endpoint may do to the answer of a call.
enum Hostility: String, Sendable, CustomTestStringConvertible {
  case garbage, deepNesting, duplicateKeys, oversize, oversizeFragments, manyFragments, endlessFrame
  case maskedFrame, reservedBits, unstartedFragment, controlFragment, closeMidFrame, close, closeFrame, flood

  var testDescription: String { rawValue }

  func steps(_ request: JSONValue) -> [RPCTestServer.Step] {
    let hi: [UInt8] = [UInt8(ascii: "h"), UInt8(ascii: "i")]
    return switch self {
    case .garbage: [.send("<html>504 Gateway Time-out</html>")]
    case .deepNesting: [.send(String(repeating: "[", count: 60_000))]
    case .duplicateKeys: [.send(#"{"jsonrpc":"2.0","id":1,"id":1,"result":0}"#)]
    case .oversize: [.send(Answer.result(request, .string(String(repeating: "x", count: 70_000))))]
    case .oversizeFragments: [.fragments(Array(repeating: String(repeating: "x", count: 30_000), count: 10))]
    case .manyFragments: [.fragments(Array(repeating: "", count: 2000))]
    // Headers of frames, beneath the WebSocket: final text frame, 64-bit length of 2^62.
    case .endlessFrame: [.raw([0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0])]
    case .maskedFrame: [.raw([0x81, 0x82, 0, 0, 0, 0] + hi)]
    case .reservedBits: [.raw([0xC1, 2] + hi)]
    case .unstartedFragment: [.raw([0x80, 2] + hi)]
    case .controlFragment: [.raw([0x09, 2] + hi)]
    case .closeMidFrame: [.raw([0x81, 100] + hi), .close]
    case .close: [.close]
    case .closeFrame: [.raw([0x88, 2, 0x03, 0xE9])]
    case .flood: Array(repeating: .send(#"{"jsonrpc":"2.0","id":77777,"result":0}"#), count: 1100)
    }
  }
}
