/// BLAKE2b without a key (RFC 7693), the chain's main hash.
///
/// The chain hashes block headers, extrinsics and long signing payloads with the 32-byte form and
/// storage keys with the 16-byte form. Each length is a hash of its own, not a prefix of a longer one.
public enum Blake2b {
  /// The longest digest the algorithm gives, in bytes.
  public static let maximumLength = 64

  static let blockLength = 128

  /// The 32-byte digest: block, header and extrinsic hashes.
  public static func hash256(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes, length: 32)
  }

  /// The 16-byte digest: storage key hashers.
  public static func hash128(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes, length: 16)
  }

  /// The digest of `length` bytes (RFC 7693 §3.3).
  ///
  /// - Precondition: `length` is 1...64.
  public static func hash(_ bytes: [UInt8], length: Int) -> [UInt8] {
    var chain = Chain(length: length)
    return bytes.withUnsafeBytes { input in
      chain.absorb(input)
      return chain.finish(input, length: length)
    }
  }

  /// BLAKE2b over input that arrives in pieces: the digest is that of their concatenation.
  public struct Hasher: Sendable {
    private var chain: Chain
    private var pending: [UInt8] = []
    private let length: Int

    /// Starts a digest of `length` bytes.
    ///
    /// - Precondition: `length` is 1...64.
    public init(length: Int = 32) {
      self.chain = Chain(length: length)
      self.length = length
      pending.reserveCapacity(2 * Blake2b.blockLength)
    }

    /// Appends `bytes` to the input.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
      if bytes.withContiguousStorageIfAvailable({ absorb(UnsafeRawBufferPointer($0)) }) == nil {
        Array(bytes).withUnsafeBytes { absorb($0) }
      }
    }

    /// The digest of everything appended so far; more may be appended afterwards.
    public func finalize() -> [UInt8] {
      var chain = chain
      return pending.withUnsafeBytes { chain.finish($0, length: length) }
    }

    /// Holds 1...128 bytes back whenever there was input, since the last block is compressed differently.
    private mutating func absorb(_ input: UnsafeRawBufferPointer) {
      var rest = input
      if !pending.isEmpty {
        let taken = min(Blake2b.blockLength - pending.count, rest.count)
        pending.append(contentsOf: rest.prefix(taken))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
        guard !rest.isEmpty else { return }
        pending.withUnsafeBytes { block in
          if let base = block.baseAddress { chain.compress(base, adding: Blake2b.blockLength) }
        }
        pending.removeAll(keepingCapacity: true)
      }
      pending.append(contentsOf: rest.dropFirst(chain.absorb(rest)))
    }
  }
}

extension Blake2b {
  /// The eight-word chaining value and the count of bytes taken in (RFC 7693 §3.2).
  struct Chain: Sendable {
    private var words: SIMD8<UInt64>
    /// The low half of the specification's 128-bit counter; no input reaches 2^64 bytes.
    private var count: UInt64 = 0

    private static let initial = SIMD8<UInt64>(
      0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
      0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179)

    init(length: Int) {
      precondition((1...Blake2b.maximumLength).contains(length), "a BLAKE2b digest has 1...64 bytes")
      words = Self.initial
      words[0] ^= 0x0101_0000 ^ UInt64(length)
    }

    /// Compresses all whole blocks but the last and returns the number of bytes taken.
    @discardableResult
    mutating func absorb(_ input: UnsafeRawBufferPointer) -> Int {
      guard let base = input.baseAddress, input.count > Blake2b.blockLength else { return 0 }
      let blocks = (input.count - 1) / Blake2b.blockLength
      for block in 0..<blocks {
        compress(base + block * Blake2b.blockLength, adding: Blake2b.blockLength)
      }
      return blocks * Blake2b.blockLength
    }

    /// Compresses what `absorb` left of `input`, zero-padded, and writes out the digest.
    mutating func finish(_ input: UnsafeRawBufferPointer, length: Int) -> [UInt8] {
      let taken = input.isEmpty ? 0 : (input.count - 1) / Blake2b.blockLength * Blake2b.blockLength
      withUnsafeTemporaryAllocation(byteCount: Blake2b.blockLength, alignment: 8) { block in
        guard let base = block.baseAddress else { return }
        block.initializeMemory(as: UInt8.self, repeating: 0)
        block.copyMemory(from: UnsafeRawBufferPointer(rebasing: input.dropFirst(taken)))
        compress(base, adding: input.count - taken, last: true)
      }
      return [UInt8](unsafeUninitializedCapacity: length) { digest, initialized in
        var words = words
        for index in words.indices { words[index] = words[index].littleEndian }
        withUnsafeBytes(of: words) { initialized = digest.initialize(fromContentsOf: $0.prefix(length)) }
      }
    }

    /// The compression function F over the 128 bytes at `block`, of which `adding` are input.
    mutating func compress(_ block: UnsafeRawPointer, adding: Int, last: Bool = false) {
      count &+= UInt64(adding)
      let m = Message(block: block)
      var v = Work(
        a0: words[0], a1: words[1], a2: words[2], a3: words[3],
        b0: words[4], b1: words[5], b2: words[6], b3: words[7],
        c0: Self.initial[0], c1: Self.initial[1], c2: Self.initial[2], c3: Self.initial[3],
        d0: Self.initial[4] ^ count, d1: Self.initial[5],
        d2: last ? ~Self.initial[6] : Self.initial[6], d3: Self.initial[7])
      // The rows of SIGMA (RFC 7693 §2.7), written out so that each message word is a constant offset.
      v.round(m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      v.round(m, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
      v.round(m, 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4)
      v.round(m, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8)
      v.round(m, 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13)
      v.round(m, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9)
      v.round(m, 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11)
      v.round(m, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10)
      v.round(m, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5)
      v.round(m, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0)
      v.round(m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      v.round(m, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
      words[0] ^= v.a0 ^ v.c0
      words[1] ^= v.a1 ^ v.c1
      words[2] ^= v.a2 ^ v.c2
      words[3] ^= v.a3 ^ v.c3
      words[4] ^= v.b0 ^ v.d0
      words[5] ^= v.b1 ^ v.d1
      words[6] ^= v.b2 ^ v.d2
      words[7] ^= v.b3 ^ v.d3
    }
  }

  /// The sixteen little-endian words of one block.
  private struct Message {
    let block: UnsafeRawPointer

    @inline(__always)
    subscript(index: Int) -> UInt64 {
      block.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self).littleEndian
    }
  }

  /// The work vector v, a 4 by 4 matrix named by row (a...d) and column.
  private struct Work {
    var a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3: UInt64

    /// One round: the columns, then the diagonals.
    @inline(__always)
    mutating func round(
      _ m: Message, _ s0: Int, _ s1: Int, _ s2: Int, _ s3: Int, _ s4: Int, _ s5: Int, _ s6: Int, _ s7: Int,
      _ s8: Int, _ s9: Int, _ s10: Int, _ s11: Int, _ s12: Int, _ s13: Int, _ s14: Int, _ s15: Int
    ) {
      mix(&a0, &b0, &c0, &d0, m[s0], m[s1])
      mix(&a1, &b1, &c1, &d1, m[s2], m[s3])
      mix(&a2, &b2, &c2, &d2, m[s4], m[s5])
      mix(&a3, &b3, &c3, &d3, m[s6], m[s7])
      mix(&a0, &b1, &c2, &d3, m[s8], m[s9])
      mix(&a1, &b2, &c3, &d0, m[s10], m[s11])
      mix(&a2, &b3, &c0, &d1, m[s12], m[s13])
      mix(&a3, &b0, &c1, &d2, m[s14], m[s15])
    }
  }

  /// The mixing function G (RFC 7693 §3.1).
  @inline(__always)
  private static func mix(
    _ a: inout UInt64, _ b: inout UInt64, _ c: inout UInt64, _ d: inout UInt64, _ x: UInt64, _ y: UInt64
  ) {
    a = a &+ b &+ x
    d = (d ^ a).rotated(right: 32)
    c = c &+ d
    b = (b ^ c).rotated(right: 24)
    a = a &+ b &+ y
    d = (d ^ a).rotated(right: 16)
    c = c &+ d
    b = (b ^ c).rotated(right: 63)
  }
}
