/// Substrate's "twox" hashes: XXH64 with the seeds 0, 1, ... side by side, each little-endian.
///
/// Used where nobody can choose the input, as in pallet and storage names. They resist no attacker.
public enum Twox {
  /// Eight bytes.
  public static func hash64(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes, words: 1)
  }

  /// Sixteen bytes: the two halves of every storage prefix.
  public static func hash128(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes, words: 2)
  }

  /// Thirty-two bytes.
  public static func hash256(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes, words: 4)
  }

  private static func hash(_ bytes: [UInt8], words: UInt64) -> [UInt8] {
    var digest: [UInt8] = []
    digest.reserveCapacity(8 * Int(words))
    for seed in 0..<words {
      withUnsafeBytes(of: XXHash64.hash(bytes, seed: seed).littleEndian) { digest.append(contentsOf: $0) }
    }
    return digest
  }
}
