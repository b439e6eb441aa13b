import Foundation

/// Writes values of MessagePack.
struct MessagePackWriter {
  private(set) var bytes = Data()

  mutating func write(_ value: MessagePackValue) {
    switch value {
    case .nil: bytes.append(0xc0)
    case .bool(let bool): bytes.append(bool ? 0xc3 : 0xc2)
    case .int(let number): write(number)
    case .uint(let number): number > UInt64(Int64.max) ? write(0xcf, number) : write(Int64(number))
    case .double(let number): write(0xcb, number.bitPattern)
    case .string(let text):
      writeHead(text.utf8.count, short: (0xa0, 31), sized: [0xd9, 0xda, 0xdb])
      bytes.append(contentsOf: text.utf8)
    case .binary(let data):
      writeHead(data.count, short: nil, sized: [0xc4, 0xc5, 0xc6])
      bytes.append(data)
    case .array(let values):
      writeHead(values.count, short: (0x90, 15), sized: [nil, 0xdc, 0xdd])
      for value in values { write(value) }
    case .map(let pairs):
      writeHead(pairs.count, short: (0x80, 15), sized: [nil, 0xde, 0xdf])
      for pair in pairs {
        write(pair.key)
        write(pair.value)
      }
    case .extension(let type, let data): write(type, data)
    }
  }

  private mutating func write(_ number: Int64) {
    switch number {
    case 0...127: bytes.append(UInt8(number))
    case -32..<0: bytes.append(UInt8(bitPattern: Int8(number)))
    case 0...Int64(UInt8.max): write(0xcc, UInt8(number))
    case 0...Int64(UInt16.max): write(0xcd, UInt16(number))
    case 0...Int64(UInt32.max): write(0xce, UInt32(number))
    case 0...: write(0xcf, UInt64(number))
    case Int64(Int8.min)...: write(0xd0, Int8(number))
    case Int64(Int16.min)...: write(0xd1, Int16(number))
    case Int64(Int32.min)...: write(0xd2, Int32(number))
    default: write(0xd3, number)
    }
  }

  private mutating func write(_ type: Int8, _ data: Data) {
    let fixed: [Int: UInt8] = [1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8]
    if let mark = fixed[data.count] {
      bytes.append(mark)
    } else {
      writeHead(data.count, short: nil, sized: [0xc7, 0xc8, 0xc9])
    }
    bytes.append(UInt8(bitPattern: type))
    bytes.append(data)
  }

  /// A mark with a count: in the mark itself up to `short`, else behind it, in one, two or four bytes.
  private mutating func writeHead(_ count: Int, short: (mark: UInt8, maximum: Int)?, sized marks: [UInt8?]) {
    if let short, count <= short.maximum {
      bytes.append(short.mark | UInt8(count))
    } else if let mark = marks[0], count <= UInt8.max {
      write(mark, UInt8(count))
    } else if let mark = marks[1], count <= UInt16.max {
      write(mark, UInt16(count))
    } else if let mark = marks[2] {
      write(mark, UInt32(clamping: count))
    }
  }

  private mutating func write<Number: FixedWidthInteger>(_ mark: UInt8, _ number: Number) {
    bytes.append(mark)
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
