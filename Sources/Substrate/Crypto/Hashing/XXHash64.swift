/// XXH64, a fast hash without cryptographic strength (xxHash specification, section "XXH64").
public enum XXHash64 {
  private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
  private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
  private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

  /// The hash of `bytes`; different seeds give unrelated functions.
  public static func hash(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  private static func hash(_ input: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    var offset = 0
    var hash = seed &+ prime5
    if input.count >= 32 {
      var lane1 = seed &+ prime1 &+ prime2
      var lane2 = seed &+ prime2
      var lane3 = seed
      var lane4 = seed &- prime1
      while offset &+ 32 <= input.count {
        lane1 = mix(lane1, word(input, offset))
        lane2 = mix(lane2, word(input, offset &+ 8))
        lane3 = mix(lane3, word(input, offset &+ 16))
        lane4 = mix(lane4, word(input, offset &+ 24))
        offset &+= 32
      }
      hash = lane1.rotated(left: 1) &+ lane2.rotated(left: 7)
      hash = hash &+ lane3.rotated(left: 12) &+ lane4.rotated(left: 18)
      for lane in [lane1, lane2, lane3, lane4] {
        hash = (hash ^ mix(0, lane)) &* prime1 &+ prime4
      }
    }
    hash = hash &+ UInt64(input.count)
    return avalanche(absorbTail(UnsafeRawBufferPointer(rebasing: input[offset...]), into: hash))
  }

  /// Takes in the last 0...31 bytes: words, then at most one half word, then bytes.
  private static func absorbTail(_ tail: UnsafeRawBufferPointer, into state: UInt64) -> UInt64 {
    var hash = state
    var offset = 0
    while offset &+ 8 <= tail.count {
      hash = (hash ^ mix(0, word(tail, offset))).rotated(left: 27) &* prime1 &+ prime4
      offset &+= 8
    }
    if offset &+ 4 <= tail.count {
      let half = tail.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
      hash = (hash ^ UInt64(half) &* prime1).rotated(left: 23) &* prime2 &+ prime3
      offset &+= 4
    }
    for byte in tail[offset...] {
      hash = (hash ^ UInt64(byte) &* prime5).rotated(left: 11) &* prime1
    }
    return hash
  }

  @inline(__always)
  private static func mix(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    (lane &+ word &* prime2).rotated(left: 31) &* prime1
  }

  @inline(__always)
  private static func word(_ input: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    input.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
  }

  private static func avalanche(_ state: UInt64) -> UInt64 {
    var hash = state
    hash = (hash ^ hash &>> 33) &* prime2
    hash = (hash ^ hash &>> 29) &* prime3
    return hash ^ hash &>> 32
  }
}
