import Foundation

/// Tells the unary calls of one persistent connection apart: 16 bytes, chosen by whoever begins the call.
struct CallID: Hashable, Sendable {
  static let length = 16

  private let high: UInt64
  private let low: UInt64

  /// nil unless there are 16 bytes.
  init?(_ bytes: Data) {
    guard bytes.count == Self.length else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// One that no other call has: callees such as p2pd tell the calls of all their peers apart by it.
  static func random() -> CallID { CallID(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }

  /// As it goes over the wire.
  var bytes: Data {
    Data(
      [high, low].flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) } }
    )
  }
}
