import Crypto
import Foundation

/// The prompt that every hoster of a subnet is asked in an epoch, derived from the chain.
///
/// Everyone can derive it, nobody chooses it, and nobody knows it before the epoch's first block.
/// Source: spec/epoch.md §3.
public struct ConsensusTensor: Sendable, Hashable {
  /// How long a prompt is unless the subnet says otherwise, in tokens.
  public static let defaultLength = 32
  /// The most tokens of a prompt.
  public static let maximumLength = 1 << 16

  /// SHA-256 of what only the chain decides.
  public let seed: [UInt8]
  /// Token ids, each below the vocabulary.
  public let tokens: [Int64]

  /// - Parameters:
  ///   - genesisHash: 32 bytes.
  ///   - firstBlockHash: of the epoch's first block, once it is final; 32 bytes.
  ///   - vocabulary: how many token ids there are.
  ///   - probe: further prompts of the same epoch; 0 is the one that the specification gives.
  /// - Returns: nil unless hashes have 32 bytes, the vocabulary has a token and the length is 1 to ``maximumLength``.
  public init?(
    genesisHash: some Collection<UInt8>, subnetID: UInt32, epoch: UInt32, firstBlockHash: some Collection<UInt8>,
    vocabulary: UInt32, length: Int = defaultLength, probe: UInt16 = 0
  ) {
    guard genesisHash.count == 32, firstBlockHash.count == 32, vocabulary > 0,
      (1...Self.maximumLength).contains(length)
    else { return nil }
    var hash = SHA256()
    hash.update(data: Data("validatord/consensus-tensor/1".utf8))
    hash.update(data: Data(genesisHash))
    for number in [subnetID, epoch] { hash.update(data: Data(littleEndian: [Int32(bitPattern: number)])) }
    hash.update(data: Data(firstBlockHash))
    if probe > 0 { hash.update(data: Data(littleEndian: [Int16(bitPattern: probe)])) }
    seed = Array(hash.finalize())
    tokens = Self.draw(length, below: vocabulary, seed: seed)
  }

  /// The prompt as it is sent: shape `[1, length]`, int64.
  public func tensor() throws(TensorError) -> Tensor { try Tensor(tokens, shape: [1, tokens.count]) }

  /// Words of SHA-256(seed ‖ counter), lowest byte first, each taken modulo the vocabulary unless it lies above the
  /// vocabulary's largest multiple, so that all tokens are equally likely.
  private static func draw(_ length: Int, below vocabulary: UInt32, seed: [UInt8]) -> [Int64] {
    let (bound, modulus) = ((UInt64(1) << 32) / UInt64(vocabulary) * UInt64(vocabulary), UInt64(vocabulary))
    var tokens: [Int64] = []
    tokens.reserveCapacity(length)
    var counter: UInt32 = 0
    while tokens.count < length {
      let block = SHA256.hash(data: Data(seed) + Data(littleEndian: [Int32(bitPattern: counter)]))
      counter &+= 1
      for word in Data(block).elements(Int32.self, at: 0, count: 8) where tokens.count < length {
        let word = UInt64(UInt32(bitPattern: word))
        if word < bound { tokens.append(Int64(word % modulus)) }
      }
    }
    return tokens
  }
}
