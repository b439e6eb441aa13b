import Substrate

/// One account that may do anything, if the genesis names one.
enum Sudo {
  static let index: UInt8 = 6
  static let items = Items()
  static let events = Events()

  struct Items: Sendable {
    let key = Stored<AccountID>("Key", in: "Sudo")
  }

  struct Events: Sendable {
    let sudid = EventDeclaration<DispatchResult>(0, "Sudid", "sudo_result")
  }

  static let pallet = Pallet(
    name: "Sudo", index: index, storage: Pallet.storage(of: items),
    calls: [CallDeclaration(0, "sudo", ["call"], sudo)],
    events: Pallet.events(of: events),
    errors: [(0, "RequireSudo")])

  static func sudo(_ runtime: inout Runtime, _ origin: Origin, _ call: DevCall) throws {
    let signer = try origin.signer()
    guard runtime.storage.stored(items.key()) == signer else {
      throw DispatchError.module(pallet: index, error: 0)
    }
    let result = DispatchResult { () throws(DispatchError) in try call.dispatch(&runtime, .root) }
    runtime.deposit(index, events.sudid(result))
    runtime.isFree = true
  }
}
