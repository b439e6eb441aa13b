import Substrate

/// Several calls in one extrinsic.
enum Utility {
  static let index: UInt8 = 15
  static let events = Events()
  /// Calls in one batch.
  static let limit: UInt32 = 10_922

  struct Events: Sendable {
    let batchInterrupted = EventDeclaration<UInt32, DispatchError>(0, "BatchInterrupted", "index", "error")
    let batchCompleted = PlainEvent(1, "BatchCompleted")
    let batchCompletedWithErrors = PlainEvent(2, "BatchCompletedWithErrors")
    let itemCompleted = PlainEvent(3, "ItemCompleted")
    let itemFailed = EventDeclaration<DispatchError>(4, "ItemFailed", "error")
  }

  static let pallet = Pallet(
    name: "Utility", index: index,
    calls: [
      CallDeclaration(0, "batch", ["calls"], batch),
      CallDeclaration(2, "batch_all", ["calls"], batchAll),
      CallDeclaration(4, "force_batch", ["calls"], forceBatch),
    ],
    events: Pallet.events(of: events),
    errors: [(0, "TooManyCalls")],
    constants: [.init("batched_calls_limit") { _ in limit }])

  private static func check(_ calls: [DevCall]) throws(DispatchError) {
    guard calls.count <= Int(limit) else { throw .module(pallet: index, error: 0) }
  }

  /// Stops at the first call that fails, and keeps what went before.
  static func batch(_ runtime: inout Runtime, _ origin: Origin, _ calls: [DevCall]) throws {
    try check(calls)
    for (place, call) in calls.enumerated() {
      do {
        try call.dispatch(&runtime, origin)
      } catch {
        runtime.deposit(index, events.batchInterrupted(UInt32(place), error))
        runtime.isFree = false
        return
      }
      runtime.deposit(index, events.itemCompleted())
    }
    runtime.deposit(index, events.batchCompleted())
    runtime.isFree = false
  }

  /// All or nothing.
  static func batchAll(_ runtime: inout Runtime, _ origin: Origin, _ calls: [DevCall]) throws {
    try check(calls)
    for call in calls {
      try call.dispatch(&runtime, origin)
      runtime.deposit(index, events.itemCompleted())
    }
    runtime.deposit(index, events.batchCompleted())
    runtime.isFree = false
  }

  /// Goes on after a call that fails.
  static func forceBatch(_ runtime: inout Runtime, _ origin: Origin, _ calls: [DevCall]) throws {
    try check(calls)
    var failed = false
    for call in calls {
      do {
        try call.dispatch(&runtime, origin)
        runtime.deposit(index, events.itemCompleted())
      } catch {
        failed = true
        runtime.deposit(index, events.itemFailed(error))
      }
    }
    runtime.deposit(index, failed ? events.batchCompletedWithErrors() : events.batchCompleted())
    runtime.isFree = false
  }
}
