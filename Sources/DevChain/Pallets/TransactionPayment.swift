import Substrate

/// What extrinsics cost.
enum TransactionPayment {
  static let index: UInt8 = 5
  static let events = Events()

  struct Events: Sendable {
    let transactionFeePaid = EventDeclaration<AccountID, UInt128, UInt128>(
      0, "TransactionFeePaid", "who", "actual_fee", "tip")
  }

  static let pallet = Pallet(
    name: "TransactionPayment", index: index, events: Pallet.events(of: events),
    constants: [.init("OperationalFeeMultiplier") { _ in UInt8(5) }])

  /// The weight of an extrinsic that does nothing; each picosecond costs one planck (spec/chain.md §3).
  static let baseWeight: UInt64 = 108_157_000

  /// The fee without a tip: base, one planck for each byte, and the call's weight.
  static func fee(length: Int, weight: UInt64) -> UInt128 {
    UInt128(baseWeight) + UInt128(length) + UInt128(weight)
  }
}
