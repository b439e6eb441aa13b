import Substrate

/// A block: its header, what it holds, and what its state replaced.
struct Block: Sendable {
  let header: BlockHeader
  let hash: BlockHash
  let extrinsics: [[UInt8]]
  /// What stood in the state where this block wrote; nil once the states before it are forgotten.
  var undo: Storage.Changes?

  init(_ header: BlockHeader, extrinsics: [[UInt8]] = [], undo: Storage.Changes? = nil) {
    self.header = header
    hash = header.hash
    self.extrinsics = extrinsics
    self.undo = undo
  }
}

extension BlockHeader {
  /// The form of `chain_getHeader` and of the subscriptions.
  var json: JSONValue {
    [
      "parentHash": .string(parent.description), "number": .string("0x" + String(number, radix: 16)),
      "stateRoot": JSONValue(hex: stateRoot), "extrinsicsRoot": JSONValue(hex: extrinsicsRoot),
      "digest": ["logs": .array(digest.map { JSONValue(hex: $0) })],
    ]
  }

  /// The log that names the slot in which a block was made.
  static func slotLog(_ slot: UInt64) -> [UInt8] {
    var writer = ScaleWriter()
    writer.write(UInt8(6))
    writer.write(raw: Array("aura".utf8))
    writer.write(sequence: slot.encoded)
    return writer.bytes
  }

  /// Reads the encoded form with the logs that nodes of this kind write: pre-runtime, consensus, seal and other.
  init(encoded bytes: [UInt8]) throws(ScaleError) {
    var reader = ScaleReader(bytes)
    let parent = try H256(from: &reader)
    let number = try reader.readCompact()
    let stateRoot = try H256(from: &reader)
    let extrinsicsRoot = try H256(from: &reader)
    let logs = try reader.readSequence { r throws(ScaleError) in
      let start = r.offset
      switch try r.readByte() {
      case 4, 5, 6:
        _ = try r.readBytes(4)
        _ = try r.readByteSequence()
      case 0: _ = try r.readByteSequence()
      case 8: break
      case let kind: throw ScaleError(.malformed, "a log of the unknown kind \(kind)")
      }
      return Array(bytes[start..<r.offset])
    }
    try reader.finish()
    guard let parent = BlockHash(parent.bytes), let number = UInt64(exactly: number) else {
      throw ScaleError(.malformed, "a header's number does not fit 64 bits")
    }
    self.init(
      parent: parent, number: number, stateRoot: stateRoot.bytes, extrinsicsRoot: extrinsicsRoot.bytes, digest: logs)
  }
}
