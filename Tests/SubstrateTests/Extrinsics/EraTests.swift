import Testing

@testable import Substrate

@Suite("Eras")
struct EraTests {
  @Test("Recorded eras encode, and decode back")
  func recorded() throws {
    let eras = try Fixture.load("chain/general.json")["eras"].list
    #expect(eras.count > 50)
    for vector in eras {
      let block = UInt64(try #require(vector["block"].integer))
      let era = Era.mortal(period: UInt64(try #require(vector["period"].integer)), at: block)
      #expect(era.encoded == vector["scale"].hex)
      var reader = ScaleReader(era.encoded)
      #expect(try Era(from: &reader) == era)
    }
  }

  @Test("The era is in force at the block it was made for, and for one period")
  func window() {
    for period: UInt64 in [1, 4, 5, 64, 100, 4096, 65_536, 1 << 40] {
      for block: UInt64 in [0, 1, 63, 64, 65, 12_345, 1_000_003] {
        let era = Era.mortal(period: period, at: block)
        guard case .mortal(let rounded, _) = era, let death = era.death(at: block) else {
          Issue.record("not mortal")
          continue
        }
        #expect(rounded.nonzeroBitCount == 1 && (4...65_536).contains(rounded))
        #expect(era.birth(at: block) <= block)
        #expect(block < death)
        #expect(death - era.birth(at: block) == rounded)
      }
    }
    #expect(Era.immortal.death(at: 5) == nil)
    #expect(Era.immortal.encoded == [0])
  }

  @Test("S7 eras that no encoder writes are refused")
  func malformed() {
    for bytes: [UInt8] in [[], [1], [0x01, 0xff], [0x10, 0x00]] {
      var reader = ScaleReader(bytes)
      #expect(throws: ScaleError.self) { try Era(from: &reader) }
    }
  }
}
