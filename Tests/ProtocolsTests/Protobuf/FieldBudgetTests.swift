import Foundation
import SwiftProtobuf
import Testing

@testable import Protocols

@Suite("The budget of fields")
struct FieldBudgetTests {
  private func allows(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(FieldBudget.allows) }

  @Test("S4 empty messages in a repeated field are counted, whatever their number on the wire")
  func floods() {
    let most = FieldBudget.maximumFields
    for field in [
      [0x2a, 0x00], [0x08, 0x01], [0x98, 0x06, 0x80, 0x01], [0x0d, 0, 0, 0, 0], [0x09, 0, 0, 0, 0, 0, 0, 0, 0],
      [0x2a, 0x03, 0x08, 0x01, 0x00],
    ] as [[UInt8]] {
      let full = Array(repeating: field, count: most).flatMap(\.self)
      #expect(allows(full))
      #expect(!allows(full + field))
    }
    #expect(!allows(Array(repeating: 0x0b, count: most + 1)))
  }

  @Test("Long fields are not looked into, and what is no message is left to the decoder")
  func others() throws {
    let tensor = PBTensor.with { $0.buffer = Data(repeating: 0x08, count: 1 << 20) }
    #expect(allows(try InferenceResponse.with { $0.tensors = [tensor] }.serializedBytes()))
    for bytes in [
      [], [0x80], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0a] + [UInt8](repeating: 0xff, count: 9) + [0x01],
      [0x09, 0],
      [UInt8](repeating: 0xff, count: 1 << 20),
    ] as [[UInt8]] {
      #expect(allows(bytes))
    }
  }
}
