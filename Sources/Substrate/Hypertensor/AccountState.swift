/// An account's money and nonce.
public struct AccountState: Sendable, Hashable {
  public let nonce: UInt32
  /// In planck.
  public let free: UInt128
  public let reserved: UInt128
  public let frozen: UInt128

  /// What can be spent: all that is free, but for what is frozen and not already held back by reserves.
  public var spendable: UInt128 {
    let untouchable = frozen - min(frozen, reserved)
    return free - min(free, untouchable)
  }

  init(_ value: ScaleValue) throws(ScaleError) {
    nonce = try value.field("nonce").integer()
    let data = try value.field("data")
    free = try data.field("free").integer()
    reserved = try data.field("reserved").integer()
    frozen = try data.field("frozen").integer()
  }
}
