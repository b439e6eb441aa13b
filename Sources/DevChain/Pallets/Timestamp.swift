import Substrate

/// The chain's time, which the author of each block states.
enum Timestamp {
  static let index: UInt8 = 1
  static let items = Items()

  struct Items: Sendable {
    /// Milliseconds since 1970.
    let now = Defaulted<UInt64>("Now", 0, in: "Timestamp")
  }

  static let pallet = Pallet(
    name: "Timestamp", index: index, storage: Pallet.storage(of: items),
    calls: [CallDeclaration(0, "set", ["now"], weight: 160_560_000, set)],
    constants: [.init("MinimumPeriod") { $0.slotDuration / 2 }])

  static func set(_ runtime: inout Runtime, _ origin: Origin, _ now: Compact<UInt64>) throws {
    guard origin == .inherent else { throw DispatchError.badOrigin }
    runtime.storage[items.now()] = now.value
  }

  /// The extrinsic with which a block states its time: a bare call.
  static func inherent(_ milliseconds: UInt64) -> [UInt8] {
    var call = ScaleWriter()
    call.write(raw: [5, index, 0])
    call.write(compact: UInt128(milliseconds))
    var extrinsic = ScaleWriter()
    extrinsic.write(sequence: call.bytes)
    return extrinsic.bytes
  }
}
