import COpenSSL
import Crypto

/// ChaCha20-Poly1305 with Noise's counter nonces, between buffers that the caller owns.
///
/// This is libcrypto's implementation: it writes where it is told to, which makes it two to three times as fast
/// here as one that allocates each result. It can't be copied, so that a counter never runs twice.
struct ChaCha20Poly1305: ~Copyable {
  /// Bytes that sealing adds.
  static let tagLength = 16

  private let context: OpaquePointer

  init(key: SymmetricKey) {
    precondition(key.bitCount == 256)
    guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("no memory for a cipher") }
    let initialized = key.withUnsafeBytes {
      EVP_CipherInit_ex(
        context, EVP_chacha20_poly1305(), nil, $0.assumingMemoryBound(to: UInt8.self).baseAddress, nil, 1)
    }
    precondition(initialized == 1, "libcrypto has no ChaCha20-Poly1305")
    self.context = context
  }

  deinit {
    EVP_CIPHER_CTX_free(context)
  }

  /// Writes ciphertext and tag to `target`, which has room for ``tagLength`` bytes more than `plaintext`.
  ///
  /// - Returns: false if libcrypto refuses; `target` is of no use then.
  func seal(
    _ plaintext: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, counter: UInt64,
    authenticating data: [UInt8] = []
  ) -> Bool {
    guard target.count >= plaintext.count + Self.tagLength,
      let tag = target.baseAddress?.advanced(by: plaintext.count)
    else { return false }
    return begin(.seal, counter)
      && run(plaintext, to: target, authenticating: data)
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag) == 1
  }

  /// Begins a message that is sealed piece by piece: any number of ``update(_:to:)``, then ``finishSealing(to:)``.
  ///
  /// - Returns: false if libcrypto refuses, as those after it do.
  func beginSealing(counter: UInt64) -> Bool { begin(.seal, counter) }

  /// Writes the ciphertext of `plaintext` to `target`, which has as much room.
  func update(_ plaintext: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) -> Bool {
    guard target.count >= plaintext.count else { return false }
    var written: Int32 = 0
    return EVP_CipherUpdate(
      context, target.assumingMemoryBound(to: UInt8.self).baseAddress, &written,
      plaintext.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(plaintext.count)) == 1
  }

  /// Writes the message's tag to `target`, which has room for ``tagLength`` bytes.
  func finishSealing(to target: UnsafeMutableRawBufferPointer) -> Bool {
    var (end, written): (UInt8, Int32) = (0, 0)
    guard target.count >= Self.tagLength, EVP_CipherFinal_ex(context, &end, &written) == 1 else { return false }
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), target.baseAddress) == 1
  }

  /// Writes the plaintext of `sealed` to `target`, which has room for ``tagLength`` bytes fewer.
  ///
  /// - Returns: false unless `sealed` is what ``seal(_:to:counter:authenticating:)`` made with the same key,
  ///   counter and data; `target` must not be read then.
  func open(
    _ sealed: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, counter: UInt64,
    authenticating data: [UInt8] = []
  ) -> Bool {
    let count = sealed.count - Self.tagLength
    guard count >= 0, target.count >= count, let tag = sealed.baseAddress?.advanced(by: count) else {
      return false
    }
    // libcrypto's interface takes the tag as mutable and only reads it.
    let mutableTag = UnsafeMutableRawPointer(mutating: tag)
    return begin(.open, counter)
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), mutableTag) == 1
      && run(UnsafeRawBufferPointer(rebasing: sealed.prefix(count)), to: target, authenticating: data)
  }

  private enum Direction: Int32 {
    case open = 0
    case seal = 1
  }

  private func begin(_ direction: Direction, _ counter: UInt64) -> Bool {
    // Four zero bytes, then the counter, little-endian (Noise specification §12.3).
    let nonce = (
      UInt32(0), UInt32(truncatingIfNeeded: counter).littleEndian, UInt32(counter >> 32).littleEndian
    )
    return withUnsafeBytes(of: nonce) {
      let start = $0.assumingMemoryBound(to: UInt8.self).baseAddress
      return EVP_CipherInit_ex(context, nil, nil, nil, start, direction.rawValue) == 1
    }
  }

  private func run(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, authenticating data: [UInt8]
  ) -> Bool {
    let input = source.assumingMemoryBound(to: UInt8.self).baseAddress
    let output = target.assumingMemoryBound(to: UInt8.self).baseAddress
    var written: Int32 = 0
    // A stream cipher leaves nothing for the end but the tag; libcrypto still wants a place to write to.
    var end: UInt8 = 0
    return (data.isEmpty || EVP_CipherUpdate(context, nil, &written, data, Int32(data.count)) == 1)
      && (source.isEmpty || EVP_CipherUpdate(context, output, &written, input, Int32(source.count)) == 1)
      && EVP_CipherFinal_ex(context, &end, &written) == 1
  }
}
