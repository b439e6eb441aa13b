public import NIOCore

/// The secure channel that a handshake made: seals what goes out, opens what comes in.
///
/// Both directions write straight into the caller's output buffer, so that the cipher is the only pass over the
/// bytes. It can't be copied, because a copy would use a nonce twice.
public struct NoiseTransport: ~Copyable {
  /// The longest plaintext that a message may carry: 65535 less the tag.
  public static let maximumPlaintextLength = 65_519
  /// The plaintext put into one message. Smaller than allowed: a receiver whose reads end inside a message has to
  /// copy its beginning, and above this size the cipher gains nothing.
  public static let recordLength = 16_384

  private static let prefixLength = 2

  private let sealing: ChaCha20Poly1305
  private let opening: ChaCha20Poly1305
  private var sent: UInt64
  private var received: UInt64
  /// The beginning of a message whose end has not arrived: less than one message.
  private var partial = ByteBuffer()
  private var failure: NoiseError?

  /// The channel of `session`. Use a session once.
  public init(_ session: NoiseSession) {
    self.init(session, counter: 0)
  }

  /// - Parameter counter: the nonce to begin with.
  init(_ session: NoiseSession, counter: UInt64) {
    sealing = ChaCha20Poly1305(key: session.sendingKey)
    opening = ChaCha20Poly1305(key: session.receivingKey)
    sent = counter
    received = counter
  }

  /// The bytes that `count` bytes of plaintext become.
  public static func sealedLength(of count: Int) -> Int {
    let records = (count + recordLength - 1) / recordLength
    return count + records * (prefixLength + ChaCha20Poly1305.tagLength)
  }

  /// Takes all of `plaintext` and appends it, sealed, to `wire`.
  ///
  /// - Throws: ``NoiseError`` `noise.nonce-exhausted` before a nonce would repeat.
  public mutating func seal(_ plaintext: inout ByteBuffer, into wire: inout ByteBuffer) throws(NoiseError) {
    var pieces = PlaintextPieces()
    pieces.append(body: plaintext)
    plaintext.moveReaderIndex(to: plaintext.writerIndex)
    try seal(&pieces, into: &wire)
  }

  /// Takes all of `plaintext` and appends it, sealed, to `wire`.
  ///
  /// - Throws: as the other form.
  mutating func seal(_ plaintext: inout PlaintextPieces, into wire: inout ByteBuffer) throws(NoiseError) {
    wire.reserveCapacity(minimumWritableBytes: Self.sealedLength(of: plaintext.readableBytes))
    while plaintext.readableBytes > 0 {
      let count = min(plaintext.readableBytes, Self.recordLength)
      let counter = try Self.take(&sent)
      wire.writeInteger(UInt16(truncatingIfNeeded: count + ChaCha20Poly1305.tagLength))
      guard sealing.beginSealing(counter: counter), seal(count, of: &plaintext, into: &wire) else {
        throw NoiseError(.decryption, "a message can't be encrypted")
      }
    }
  }

  private func seal(_ count: Int, of plaintext: inout PlaintextPieces, into wire: inout ByteBuffer) -> Bool {
    var (left, isSealed) = (count, true)
    while left > 0, isSealed {
      let piece = plaintext.read(upTo: left)
      left -= piece.readableBytes
      wire.writeWithUnsafeMutableBytes(minimumWritableBytes: piece.readableBytes) { target in
        isSealed = piece.withUnsafeReadableBytes { !$0.isEmpty && sealing.update($0, to: target) }
        return isSealed ? piece.readableBytes : 0
      }
    }
    guard isSealed else { return false }
    wire.writeWithUnsafeMutableBytes(minimumWritableBytes: ChaCha20Poly1305.tagLength) { target in
      isSealed = sealing.finishSealing(to: target)
      return isSealed ? ChaCha20Poly1305.tagLength : 0
    }
    return isSealed
  }

  /// Takes what arrived and appends the plaintext of the messages that are complete to `plaintext`. A message may
  /// be spread over any number of calls.
  ///
  /// - Throws: ``NoiseError``: `noise.decryption`, `noise.malformed` for one too short to be sealed, or
  ///   `noise.nonce-exhausted`. The channel is of no more use then, and says the same again.
  public mutating func open(_ bytes: ByteBuffer, into plaintext: inout ByteBuffer) throws(NoiseError) {
    if let failure { throw failure }
    do throws(NoiseError) {
      var bytes = bytes
      try finishPartial(from: &bytes, into: &plaintext)
      plaintext.reserveCapacity(minimumWritableBytes: bytes.readableBytes)
      while let length = try Self.messageLength(bytes), bytes.readableBytes >= Self.prefixLength + length {
        bytes.moveReaderIndex(forwardBy: Self.prefixLength)
        try openMessage(&bytes, length, into: &plaintext)
      }
      // Copied, so that a channel at rest does not hold on to a whole read buffer.
      if bytes.readableBytes > 0 { partial.writeImmutableBuffer(bytes) }
    } catch {
      failure = error
      partial = ByteBuffer()
      throw error
    }
  }

  /// Completes the message begun earlier, copying no more than it needs.
  private mutating func finishPartial(
    from bytes: inout ByteBuffer, into plaintext: inout ByteBuffer
  ) throws(NoiseError) {
    guard partial.readableBytes > 0 else { return }
    partial.discardReadBytes()
    if partial.readableBytes < Self.prefixLength {
      Self.move(Self.prefixLength - partial.readableBytes, from: &bytes, to: &partial)
    }
    guard let length = try Self.messageLength(partial) else { return }
    Self.move(Self.prefixLength + length - partial.readableBytes, from: &bytes, to: &partial)
    guard partial.readableBytes == Self.prefixLength + length else { return }
    var message = partial
    partial = ByteBuffer()
    message.moveReaderIndex(forwardBy: Self.prefixLength)
    try openMessage(&message, length, into: &plaintext)
  }

  /// Takes one whole message from the front of `bytes`.
  private mutating func openMessage(
    _ bytes: inout ByteBuffer, _ length: Int, into plaintext: inout ByteBuffer
  ) throws(NoiseError) {
    let counter = try Self.take(&received)
    let plainCount = length - ChaCha20Poly1305.tagLength
    var opened = false
    bytes.readWithUnsafeReadableBytes { source in
      // Room for one byte at least, so that an empty message has an address to be written to.
      plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: max(plainCount, 1)) { target in
        opened = opening.open(
          UnsafeRawBufferPointer(rebasing: source.prefix(length)), to: target, counter: counter)
        return opened ? plainCount : 0
      }
      return length
    }
    guard opened else { throw NoiseError(.decryption, "a message fails its authentication") }
  }

  private static func messageLength(_ bytes: ByteBuffer) throws(NoiseError) -> Int? {
    guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt16.self).map(Int.init) else {
      return nil
    }
    guard length >= ChaCha20Poly1305.tagLength else {
      throw NoiseError(.malformed, "a message of \(length) bytes is too short to be sealed")
    }
    return length
  }

  private static func move(_ count: Int, from source: inout ByteBuffer, to target: inout ByteBuffer) {
    if var slice = source.readSlice(length: min(count, source.readableBytes)) { target.writeBuffer(&slice) }
  }

  /// The next nonce. The last one is reserved (Noise specification §5.1).
  private static func take(_ counter: inout UInt64) throws(NoiseError) -> UInt64 {
    guard counter < .max else { throw NoiseError(.nonceExhausted, "a channel has used all its nonces") }
    defer { counter += 1 }
    return counter
  }
}
