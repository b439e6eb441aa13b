import Foundation
import Protocols
import Substrate
import Testing

@testable import Validator

@Suite("The consensus tensor")
struct ConsensusTensorTests {
  @Test("Seed and tokens are those of the specification, at every size of vocabulary")
  func vectors() throws {
    let vectors = try ScoringVectors.load().consensusTensors
    #expect(vectors.count == 21)
    for vector in vectors {
      let (genesis, block) = try (#require(Hex.decode(vector.genesisHash)), #require(Hex.decode(vector.firstBlockHash)))
      let tensor = try #require(
        ConsensusTensor(
          genesisHash: genesis, subnetID: vector.subnetId, epoch: vector.epoch, firstBlockHash: block,
          vocabulary: vector.vocabulary, length: vector.length, probe: vector.probe))
      #expect(Hex.encodeUnprefixed(tensor.seed) == vector.seed)
      #expect(tensor.tokens == vector.tokens)
      let message = try tensor.tensor()
      #expect(message.shape == [1, vector.length])
      #expect(message.type == .int64)
    }
  }

  @Test("Each part of the seed changes the tokens, and nonsense gives none")
  func dependence() throws {
    func make(
      genesis: UInt8 = 1, subnet: UInt32 = 2, epoch: UInt32 = 3, block: UInt8 = 4, vocabulary: UInt32 = 50_257,
      length: Int = 32, probe: UInt16 = 0, bytes: Int = 32
    ) -> [Int64]? {
      ConsensusTensor(
        genesisHash: [UInt8](repeating: genesis, count: bytes), subnetID: subnet, epoch: epoch,
        firstBlockHash: [UInt8](repeating: block, count: 32), vocabulary: vocabulary, length: length, probe: probe)?
        .tokens
    }
    let all = [make(), make(genesis: 9), make(subnet: 9), make(epoch: 9), make(block: 9), make(probe: 9)]
    #expect(Set(all.compactMap { $0 }).count == all.count)
    #expect(make(length: 64)?.prefix(32).elementsEqual(make() ?? []) == true)
    for nothing in [make(vocabulary: 0), make(length: 0), make(length: 1 << 17), make(bytes: 31)] {
      #expect(nothing == nil)
    }
  }
}
