import Foundation
import Testing

@testable import Protocols

@Suite("Token ids in tensors")
struct TokenIDTests {
  @Test("P-82 token ids come back from every type of integer and any leading dimensions of one")
  func roundTrip() throws {
    let tokens: [Int32] = [0, 7, 127]
    #expect(try Tensor(tokenIDs: tokens).tokenIDs() == tokens)
    #expect(try Tensor(tokenIDs: tokens).shape == [1, 3] && Tensor(tokenIDs: tokens).type == .int64)
    #expect(try Tensor(tokens, shape: [1, 1, 3]).tokenIDs() == tokens)
    #expect(try Tensor(tokens.map { Int16($0) }).tokenIDs() == tokens)
    #expect(try Tensor(tokens.map { Int8($0) }).tokenIDs() == tokens)
    #expect(try Tensor(tokens.map { UInt8($0) }).tokenIDs() == tokens)
    #expect(try Tensor([5] as [Int64], shape: []).tokenIDs() == [5])
    #expect(try Tensor([] as [Int64]).tokenIDs() == [])
    #expect(try Tensor([Int64(Int32.max), -1]).tokenIDs() == [.max, -1])
  }

  @Test("Other types, rows and numbers are refused, each with its code")
  func refused() throws {
    let cases: [(Tensor, TensorError.Code)] = [
      (try Tensor([1.0] as [Double]), .type), (try Tensor([true]), .type),
      (try Tensor([1, 2] as [Int64], shape: [2, 1]), .shape),
      (try Tensor([1, 2, 3, 4] as [Int64], shape: [2, 2]), .shape),
      (try Tensor([Int64(Int32.max) + 1]), .value), (try Tensor([Int64.min]), .value),
    ]
    for (tensor, code) in cases {
      #expect { try tensor.tokenIDs() } throws: { ($0 as? TensorError)?.kind == code }
    }
  }
}
