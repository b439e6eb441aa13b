import Substrate

/// All pallets of the runtime, in the order of their indices, which are those of the published runtimes.
enum Pallets {
  static let all: [Pallet] = [
    System.pallet, Timestamp.pallet, Balances.pallet, TransactionPayment.pallet, Sudo.pallet, Utility.pallet,
    Network.pallet,
  ]
}
