/// An account's money and nonce.
public struct AccountState: Sendable, Hashable {
  public let nonce: UInt32
  public let free: Planck
  public let reserved: Planck
  public let frozen: Planck

  /// What can be spent: all that is free, but for what is frozen and not already held back by reserves.
  public var spendable: Planck { free.saturatingSubtracting(frozen.saturatingSubtracting(reserved)) }

  init(_ value: ScaleValue) throws(ScaleError) {
    nonce = try value.field("nonce").integer()
    let data = try value.field("data")
    free = try Planck(data.field("free"))
    reserved = try Planck(data.field("reserved"))
    frozen = try Planck(data.field("frozen"))
  }
}
