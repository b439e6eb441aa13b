/// The 1600-bit state of Keccak-f and its permutation (FIPS 202 §3), lane (x, y) being `a[x + 5y]`.
struct KeccakState {
  var a0: UInt64 = 0, a1: UInt64 = 0, a2: UInt64 = 0, a3: UInt64 = 0, a4: UInt64 = 0
  var a5: UInt64 = 0, a6: UInt64 = 0, a7: UInt64 = 0, a8: UInt64 = 0, a9: UInt64 = 0
  var a10: UInt64 = 0, a11: UInt64 = 0, a12: UInt64 = 0, a13: UInt64 = 0, a14: UInt64 = 0
  var a15: UInt64 = 0, a16: UInt64 = 0, a17: UInt64 = 0, a18: UInt64 = 0, a19: UInt64 = 0
  var a20: UInt64 = 0, a21: UInt64 = 0, a22: UInt64 = 0, a23: UInt64 = 0, a24: UInt64 = 0

  /// The constants of step ι, one per round.
  private static let roundConstants: [UInt64] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
  ]

  /// Takes in a block of 17 little-endian lanes, the rate of Keccak-256.
  mutating func absorb(_ block: UnsafeRawPointer) {
    func lane(_ index: Int) -> UInt64 {
      block.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self).littleEndian
    }
    a0 ^= lane(0)
    a1 ^= lane(1)
    a2 ^= lane(2)
    a3 ^= lane(3)
    a4 ^= lane(4)
    a5 ^= lane(5)
    a6 ^= lane(6)
    a7 ^= lane(7)
    a8 ^= lane(8)
    a9 ^= lane(9)
    a10 ^= lane(10)
    a11 ^= lane(11)
    a12 ^= lane(12)
    a13 ^= lane(13)
    a14 ^= lane(14)
    a15 ^= lane(15)
    a16 ^= lane(16)
    permute()
  }

  /// Keccak-f[1600]: 24 rounds.
  private mutating func permute() {
    for constant in Self.roundConstants {
      round()
      a0 ^= constant
    }
  }

  /// Steps θ, ρ, π and χ, each output row computed from the five lanes that ρ and π bring to it.
  @inline(__always)
  private mutating func round() {
    let c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
    let c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
    let c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
    let c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
    let c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
    let d0 = c4 ^ c1.rotated(left: 1)
    let d1 = c0 ^ c2.rotated(left: 1)
    let d2 = c1 ^ c3.rotated(left: 1)
    let d3 = c2 ^ c4.rotated(left: 1)
    let d4 = c3 ^ c0.rotated(left: 1)
    let e0 = chi(
      (a0 ^ d0), (a6 ^ d1).rotated(left: 44), (a12 ^ d2).rotated(left: 43),
      (a18 ^ d3).rotated(left: 21), (a24 ^ d4).rotated(left: 14))
    let e1 = chi(
      (a3 ^ d3).rotated(left: 28), (a9 ^ d4).rotated(left: 20), (a10 ^ d0).rotated(left: 3),
      (a16 ^ d1).rotated(left: 45), (a22 ^ d2).rotated(left: 61))
    let e2 = chi(
      (a1 ^ d1).rotated(left: 1), (a7 ^ d2).rotated(left: 6), (a13 ^ d3).rotated(left: 25),
      (a19 ^ d4).rotated(left: 8), (a20 ^ d0).rotated(left: 18))
    let e3 = chi(
      (a4 ^ d4).rotated(left: 27), (a5 ^ d0).rotated(left: 36), (a11 ^ d1).rotated(left: 10),
      (a17 ^ d2).rotated(left: 15), (a23 ^ d3).rotated(left: 56))
    let e4 = chi(
      (a2 ^ d2).rotated(left: 62), (a8 ^ d3).rotated(left: 55), (a14 ^ d4).rotated(left: 39),
      (a15 ^ d0).rotated(left: 41), (a21 ^ d1).rotated(left: 2))
    (a0, a1, a2, a3, a4) = e0
    (a5, a6, a7, a8, a9) = e1
    (a10, a11, a12, a13, a14) = e2
    (a15, a16, a17, a18, a19) = e3
    (a20, a21, a22, a23, a24) = e4
  }

  /// Step χ on one row.
  @inline(__always)
  private func chi(
    _ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64
  ) -> (UInt64, UInt64, UInt64, UInt64, UInt64) {
    (b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4), b3 ^ (~b4 & b0), b4 ^ (~b0 & b1))
  }
}
