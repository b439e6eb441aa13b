import Testing

@testable import Substrate

@Suite("Hashes equal those of other implementations")
struct HashTests {
  struct Vectors: Decodable {
    struct Case: Decodable {
      let length: Int
      let blake2b128, blake2b256, blake2b512, keccak256: String
      let xxh64: [String]
    }
    let seeds: [String]
    let cases: [Case]
    let blake2bOfLength200: [String]
  }

  private let vectors: Vectors

  init() throws {
    vectors = try KeyVectors.load("keys/hashes.json")
    #expect(vectors.cases.count > 300)
  }

  @Test("BLAKE2b of every length to 300 and around block borders equals hashlib's")
  func blake2b() {
    for vector in vectors.cases {
      let message = KeyVectors.message(vector.length)
      #expect(Hexadecimal.text(Blake2b.hash128(message)) == vector.blake2b128)
      #expect(Hexadecimal.text(Blake2b.hash256(message)) == vector.blake2b256)
      #expect(Hexadecimal.text(Blake2b.hash(message, length: 64)) == vector.blake2b512)
    }
  }

  @Test("BLAKE2b digests of every length 1 to 64 equal hashlib's")
  func blake2bDigestLengths() {
    #expect(vectors.blake2bOfLength200.count == 64)
    for (index, digest) in vectors.blake2bOfLength200.enumerated() {
      #expect(Hexadecimal.text(Blake2b.hash(KeyVectors.message(200), length: index + 1)) == digest)
    }
  }

  @Test("BLAKE2b of input in pieces is that of the whole", arguments: [1, 7, 64, 127, 128, 129, 256, 1000])
  func blake2bInPieces(piece: Int) {
    for vector in vectors.cases where vector.length % 16 < 2 {
      let message = KeyVectors.message(vector.length)
      var hasher = Blake2b.Hasher()
      for start in stride(from: 0, to: message.count, by: piece) {
        hasher.update(message[start..<min(start + piece, message.count)])
        if start == 3 * piece { _ = hasher.finalize() }
      }
      #expect(Hexadecimal.text(hasher.finalize()) == vector.blake2b256)
    }
  }

  @Test("BLAKE2b takes sequences that have no storage of their own")
  func blake2bOfSequence() {
    var hasher = Blake2b.Hasher(length: 16)
    hasher.update(sequence(first: UInt8(0)) { $0 < 199 ? $0 + 1 : nil })
    #expect(hasher.finalize() == Blake2b.hash128(Array(0..<200)))
  }

  @Test("Keccak-256 equals pycryptodome's")
  func keccak256() {
    for vector in vectors.cases {
      #expect(Hexadecimal.text(Keccak256.hash(KeyVectors.message(vector.length))) == vector.keccak256)
    }
  }

  @Test("XXH64 equals the xxHash library's for several seeds")
  func xxHash64() throws {
    for vector in vectors.cases {
      let message = KeyVectors.message(vector.length)
      for (seed, digest) in zip(vectors.seeds, vector.xxh64) {
        let expected = try #require(UInt64(digest, radix: 16))
        #expect(XXHash64.hash(message, seed: try #require(UInt64(seed))) == expected)
      }
    }
  }

  @Test("every hash of the chain recording is reproduced")
  func chainHashes() throws {
    let general = try KeyVectors.load("chain/general.json", as: GeneralVectors.self)
    for vector in general.hashes {
      let data = try KeyVectors.bytes(vector.data)
      #expect("0x" + Hexadecimal.text(Twox.hash64(data)) == vector.twox64)
      #expect("0x" + Hexadecimal.text(Twox.hash128(data)) == vector.twox128)
      #expect("0x" + Hexadecimal.text(Twox.hash256(data)) == vector.twox256)
      #expect("0x" + Hexadecimal.text(Blake2b.hash128(data)) == vector.blake2_128)
      #expect("0x" + Hexadecimal.text(Blake2b.hash256(data)) == vector.blake2_256)
      #expect("0x" + Hexadecimal.text(Keccak256.hash(data)) == vector.keccak256)
    }
  }
}
