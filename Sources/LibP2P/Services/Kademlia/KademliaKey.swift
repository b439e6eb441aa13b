import Crypto

/// A place in the key space of Kademlia: the SHA-256 of a peer id or of a key (libp2p "kad-dht" specification).
public struct KademliaKey: Hashable, Sendable {
  /// Bits of a key, and so the buckets that a routing table can have.
  public static let bitCount = 256

  /// Most significant first.
  private let words: [UInt64]

  /// The place of `peer`.
  public init(_ peer: PeerID) {
    self.init(hashing: peer.bytes)
  }

  /// The place of whatever `bytes` name.
  public init(hashing bytes: [UInt8]) {
    var words: [UInt64] = []
    for (position, byte) in SHA256.hash(data: bytes).enumerated() {
      if position.isMultiple(of: 8) { words.append(0) }
      words[words.count - 1] = words[words.count - 1] << 8 | UInt64(byte)
    }
    self.words = words
  }

  /// How far apart two places are, as a number of 256 bits.
  public func distance(to other: KademliaKey) -> Distance {
    Distance(words: zip(words, other.words).map { $0 ^ $1 })
  }

  /// The XOR of two keys; smaller is closer.
  public struct Distance: Hashable, Sendable, Comparable {
    fileprivate let words: [UInt64]

    /// Leading zero bits: the length of the prefix that both keys share.
    public var commonPrefixLength: Int {
      var length = 0
      for word in words {
        length += word.leadingZeroBitCount
        if word != 0 { break }
      }
      return length
    }

    /// Whether `left` is closer.
    public static func < (left: Distance, right: Distance) -> Bool {
      left.words.lexicographicallyPrecedes(right.words)
    }
  }
}
