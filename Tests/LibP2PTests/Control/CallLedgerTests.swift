import Testing

@testable import LibP2P

@Suite("Calls of a persistent connection")
struct CallLedgerTests {
  /// Why a call can't be served; nil if it is entered.
  private func refusal(_ ledger: inout CallLedger, _ id: CallID, bytes: Int) -> ControlError.Code? {
    do throws(ControlError) {
      try ledger.begin(id, bytes: bytes)
      return nil
    } catch {
      return error.kind
    }
  }

  @Test("Calls and bytes that are served are bounded, and given back")
  func bounds() throws {
    var ledger = CallLedger(maximumCalls: 2, maximumBytes: 100)
    let ids = (0..<3).map { _ in CallID.random() }
    try ledger.begin(ids[0], bytes: 60)
    let tooLong = refusal(&ledger, ids[1], bytes: 41)
    #expect(tooLong == .busy)
    try ledger.begin(ids[1], bytes: 40)
    let tooMany = refusal(&ledger, ids[2], bytes: 0)
    #expect(tooMany == .busy)
    ledger.end(ids[0])
    try ledger.begin(ids[2], bytes: 60)
    ledger.end(ids[0])
    #expect(ledger.count == 2)
  }

  @Test("An id in use is garbage, one that is free again is not")
  func ids() throws {
    var ledger = CallLedger(maximumCalls: 2, maximumBytes: 100)
    let id = CallID.random()
    try ledger.begin(id, bytes: 0)
    let twice = refusal(&ledger, id, bytes: 0)
    #expect(twice == .malformed)
    ledger.end(id)
    try ledger.begin(id, bytes: 0)
  }

  @Test("A call that is cancelled before its task is known is cancelled then")
  func earlyCancel() throws {
    var ledger = CallLedger(maximumCalls: 2, maximumBytes: 100)
    let id = CallID.random()
    try ledger.begin(id, bytes: 0)
    let early = ledger.cancel(id)
    #expect(early == nil)
    let isCancelled = ledger.attach(Task {}, to: id)
    #expect(isCancelled)
    let unknown = ledger.cancel(.random())
    #expect(unknown == nil, "what was never called can't be cancelled")
  }

  @Test("Nothing begins behind the end, and the first reason counts")
  func end() throws {
    var ledger = CallLedger(maximumCalls: 2, maximumBytes: 100)
    try ledger.begin(.random(), bytes: 0)
    _ = ledger.close(ControlError(.stalled, "first"))
    _ = ledger.close(ControlError(.closed, "second"))
    #expect(ledger.ending?.kind == .stalled)
    let late = refusal(&ledger, .random(), bytes: 0)
    #expect(late == .stalled)
    #expect(throws: ControlError.self) { try ledger.checkRoom() }
  }
}
