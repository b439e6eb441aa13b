/// Base64 as the published nodes read it (mesh-wire.md §3.3).
enum LenientBase64 {
  /// The longest text read: the signature of an RSA key of 8192 bits, with many line breaks.
  static let maximumLength = 4_096

  /// Reads the standard alphabet as Python's `b64decode` does: foreign characters are passed over, and what follows
  /// the padding is not looked at. Nil for text that is too long, or cut.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count <= maximumLength else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var (sextets, padding, pending) = (0, 0, UInt32(0))
    for character in text {
      if character == UInt8(ascii: "=") {
        padding += 1
        if sextets >= 2, sextets + padding >= 4 { return bytes }
        continue
      }
      guard let value = sextet(character) else { continue }
      padding = 0
      pending = pending << 6 | UInt32(value)
      sextets = (sextets + 1) % 4
      if sextets != 1 { bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32((4 - sextets) % 4 * 2))) }
    }
    return sextets == 0 ? bytes : nil
  }

  private static func sextet(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
