/// Keccak-256 with the padding of the original submission, as Ethereum uses it.
///
/// Not SHA3-256: NIST changed the padding byte from 0x01 to 0x06. Account ids are the end of this
/// hash over a public key, and signatures are made over it.
public enum Keccak256 {
  /// Bytes taken in per permutation: 1600 bits of state less twice the digest.
  private static let rate = 136

  /// The 32-byte digest of `bytes`.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// The 32-byte digest of the bytes of `input`.
  static func hash(_ input: UnsafeRawBufferPointer) -> [UInt8] {
    var state = KeccakState()
    let blocks = input.count / rate
    if let base = input.baseAddress {
      for block in 0..<blocks { state.absorb(base + block * rate) }
    }
    withUnsafeTemporaryAllocation(byteCount: rate, alignment: 8) { block in
      guard let base = block.baseAddress else { return }
      block.initializeMemory(as: UInt8.self, repeating: 0)
      let rest = UnsafeRawBufferPointer(rebasing: input.dropFirst(blocks * rate))
      block.copyMemory(from: rest)
      block[rest.count] = 0x01
      block[rate - 1] |= 0x80
      state.absorb(base)
    }
    return [UInt8](unsafeUninitializedCapacity: 32) { digest, initialized in
      let words = SIMD4(
        state.a0.littleEndian, state.a1.littleEndian, state.a2.littleEndian, state.a3.littleEndian)
      initialized = withUnsafeBytes(of: words) { digest.initialize(fromContentsOf: $0) }
    }
  }
}
