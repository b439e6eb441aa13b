/// Bounds how many fields a peer's message has before it is decoded.
///
/// Two bytes on the wire can be an empty message in a repeated field, which takes a hundred in memory: without a bound
/// the longest message of a stream would take more than a gigabyte (the like of CVE-2026-55407).
enum FieldBudget {
  /// Fields at the top level of a message. No message of the mesh comes near.
  static let maximumFields = 65_536

  /// Whether there are at most ``maximumFields``. What is no message at all is left for the decoder to refuse.
  static func allows(_ bytes: UnsafeRawBufferPointer) -> Bool { allows(bytes, upTo: maximumFields) }

  /// Whether there are at most `maximum` fields at the top level.
  static func allows(_ bytes: UnsafeRawBufferPointer, upTo maximum: Int) -> Bool {
    var (position, fields) = (0, 0)
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        value |= UInt64(bytes[position] & 0x7f) << UInt64(shift)
        if bytes[position] < 0x80 { return value }
      }
      return nil
    }
    while position < bytes.count {
      fields += 1
      guard fields <= maximum else { return false }
      guard let tag = varint() else { return true }
      switch tag & 7 {
      case 0: guard varint() != nil else { return true }
      case 1: position += 8
      case 2:
        guard let length = varint(), length <= UInt64(bytes.count - position) else { return true }
        position += Int(length)
      case 5: position += 4
      // Groups: what is in them counts like what is beside them.
      default: break
      }
    }
    return true
  }
}
