/// A sequence of bits, as `BitVec<u8, Lsb0>` and its siblings carry it.
public struct BitSequence: Sendable, Hashable, RandomAccessCollection {
  /// Which bit of a storage word comes first.
  public enum Order: Sendable { case leastSignificantFirst, mostSignificantFirst }

  private var bits: [Bool]

  public init(_ bits: [Bool]) {
    self.bits = bits
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { bits.count }
  public subscript(position: Int) -> Bool { bits[position] }

  /// Reads the number of bits and the storage words, each of `width` bits (8, 16, 32 or 64), little-endian.
  init(from reader: inout ScaleReader, width: Int, order: Order) throws(ScaleError) {
    let claimed = try reader.readCompact()
    guard claimed <= UInt128(reader.remaining) * 8 else {
      throw ScaleError(.limit, "\(claimed) bits claimed, \(reader.remaining) bytes follow")
    }
    let count = Int(claimed)
    try reader.spend(count)
    let words = try reader.readBytes((count + width - 1) / width * (width / 8))
    bits = (0..<count).map { index in
      let inWord = order == .leastSignificantFirst ? index % width : width - 1 - index % width
      let byte = words[index / width * (width / 8) + inWord / 8]
      return byte >> (inWord % 8) & 1 == 1
    }
  }

  func encode(to writer: inout ScaleWriter, width: Int, order: Order) {
    writer.write(compact: bits.count)
    var words = [UInt8](repeating: 0, count: (bits.count + width - 1) / width * (width / 8))
    for (index, bit) in bits.enumerated() where bit {
      let inWord = order == .leastSignificantFirst ? index % width : width - 1 - index % width
      words[index / width * (width / 8) + inWord / 8] |= 1 << (inWord % 8)
    }
    writer.write(raw: words)
  }
}
