import Testing

@testable import Substrate

@Suite("JSON-RPC state machine")
struct JSONRPCStateMachineTests {
  private let start = ContinuousClock.now

  // MARK: Calls

  @Test("Answers go to their calls in any order")
  func outOfOrder() throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    try peer.call(2)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":2,"result":"b"}"#) == ["answer 2 \"b\""])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"a"}"#) == ["answer 1 \"a\""])
    #expect(peer.machine.pendingCount == 0)
    #expect(peer.machine.ignored == .init())
  }

  @Test("A request is one JSON-RPC 2.0 object")
  func request() throws {
    let request = try JSONRPCRequest(id: 5, "state_getStorage", ["0x00", nil], limits: RPCLimits())
    let value = try JSONValue(parsing: request.bytes)
    #expect(value == ["jsonrpc": "2.0", "id": 5, "method": "state_getStorage", "params": ["0x00", nil]])
  }

  @Test("Answers to unknown, answered and cancelled ids are ignored and counted")
  func strays() throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    try peer.call(2)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":99,"result":0}"#) == [])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":0}"#) == ["answer 1 0"])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":1}"#) == [])
    _ = peer.machine.cancel(2, now: start)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":2,"result":2}"#) == [])
    #expect(peer.machine.ignored.unknown == 1)
    #expect(peer.machine.ignored.late == 2)
  }

  @Test(
    "An answer without exactly one of result and error fails its call as malformed",
    arguments: [
      #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"x"}}"#,
      #"{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"x"}}"#,
      #"{"jsonrpc":"2.0","id":1,"error":{"code":1}}"#, #"{"jsonrpc":"2.0","id":1,"error":"x"}"#,
      #"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"x"}}"#,
    ])
  func malformedAnswer(_ text: String) throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    #expect(peer.receive(text) == ["answer 1 rpc.malformed"])
  }

  @Test(
    "A message that is no answer and no notification changes nothing",
    arguments: [
      "1", "null", #""x""#, "{}", "[]", "[1,2]", #"{"jsonrpc":"1.0","id":1,"result":0}"#,
      #"{"id":1,"result":0}"#,
      #"{"jsonrpc":"2.0","id":"1","result":0}"#, #"{"jsonrpc":"2.0","id":1.0,"result":0}"#,
      #"{"jsonrpc":"2.0","id":-1,"result":0}"#, #"{"jsonrpc":"2.0","id":18446744073709551616,"result":0}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"subscription":1,"result":0}}"#,
      #"{"jsonrpc":"2.0","method":"m","params":[]}"#,
      #"{"jsonrpc":"2.0","method":1,"params":{"subscription":1}}"#,
      #"{"jsonrpc":"2.0","result":0}"#,
    ])
  func unintelligible(_ text: String) throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    #expect(peer.receive(text) == [])
    #expect(peer.machine.ignored.unintelligible > 0)
    #expect(peer.machine.isOpen(1))
  }

  @Test("Bytes that are not JSON close the connection and fail everything open")
  func garbage() throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    #expect(peer.receive("{oops") == ["answer 1 rpc.malformed", "close rpc.malformed"])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":0}"#) == [])
    #expect(throws: RPCError.self) { try peer.call(2) }
  }

  @Test("A peer that keeps sending what nobody asked for is given up")
  func unsolicited() throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    var last: [String] = []
    for _ in 0...JSONRPCStateMachine.unsolicitedLimit {
      #expect(last == [])
      last = peer.receive(#"{"jsonrpc":"2.0","id":7,"result":0}"#)
    }
    #expect(last == ["answer 1 rpc.malformed", "close rpc.malformed"])
  }

  @Test("An error without an id belongs to the only request, else to nobody")
  func unnamedError() throws {
    let error = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#
    var peer = Conversation(now: start)
    try peer.call(1)
    try peer.call(2)
    #expect(peer.receive(error) == [])
    _ = peer.receive(#"{"jsonrpc":"2.0","id":2,"result":0}"#)
    #expect(peer.receive(error) == ["answer 1 rpc.server"])
    try peer.call(3)
    try peer.batch(4, count: 2)
    #expect(peer.receive(error) == ["batch 4 rpc.server"])
    #expect(peer.machine.isOpen(3))
  }

  @Test("An overdue call fails once, and a later answer to it is ignored")
  func timeout() throws {
    var peer = Conversation(now: start)
    try peer.call(1, timeout: .seconds(5))
    try peer.call(2, timeout: .seconds(9))
    #expect(peer.machine.nextDeadline == start + .seconds(5))
    #expect(peer.expire(after: .seconds(4)) == [])
    #expect(peer.expire(after: .seconds(5)) == ["answer 1 rpc.timeout"])
    #expect(peer.machine.nextDeadline == start + .seconds(9))
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":0}"#) == [])
    #expect(peer.machine.ignored.late == 1)
  }

  // MARK: Bounds

  @Test("The number of requests in flight is bounded, batches by their calls")
  func pendingLimit() throws {
    var limits = RPCLimits()
    limits.pendingRequests = 4
    var peer = Conversation(now: start, limits: limits)
    try peer.batch(1, count: 3)
    try peer.call(4)
    let error = #expect(throws: RPCError.self) { try peer.call(5) }
    #expect(error?.kind == .overloaded)
    _ = peer.receive(#"{"jsonrpc":"2.0","id":4,"result":0}"#)
    try peer.call(6)
  }

  @Test("Only while metadata is asked for may an answer be as large as metadata")
  func messageSize() throws {
    var limits = RPCLimits()
    limits.messageSize = 100
    limits.metadataMessageSize = 1000
    let filler = String(repeating: "a", count: 200)
    var peer = Conversation(now: start, limits: limits)
    try peer.call(1, "state_getMetadata")
    try peer.call(2)
    #expect(peer.machine.messageSizeLimit == 1000)
    #expect(
      peer.receive(#"{"jsonrpc":"2.0","id":2,"result":"\#(filler)"}"#) == ["answer 2 rpc.frame-too-large"])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"\#(filler)"}"#) == ["answer 1 \"\(filler)\""])
    #expect(peer.machine.messageSizeLimit == 100)
    try peer.call(3)
    #expect(
      peer.receive(#"{"jsonrpc":"2.0","id":3,"result":"\#(filler)"}"#)
        == ["answer 3 rpc.frame-too-large", "close rpc.frame-too-large"])
  }

  @Test("Metadata is recognised in both of its calls")
  func metadataCalls() {
    let limits = RPCLimits()
    #expect(limits.messageSize(for: "state_getMetadata", []) == 16 << 20)
    #expect(limits.messageSize(for: "state_call", ["Metadata_metadata_at_version", "0x0f"]) == 16 << 20)
    #expect(limits.messageSize(for: "state_call", ["Core_version", "0x"]) == 4 << 20)
    #expect(limits.messageSize(for: "state_getStorage", ["Metadata_"]) == 4 << 20)
  }

  @Test("A request larger than its limit is refused before it is sent")
  func requestSize() {
    var limits = RPCLimits()
    limits.requestSize = 100
    let error = #expect(throws: RPCError.self) {
      try JSONRPCRequest(id: 1, "m", [.string(String(repeating: "x", count: 100))], limits: limits)
    }
    #expect(error?.kind == .frameTooLarge)
  }

  // MARK: Batches

  @Test("A batch is answered as a whole, in the order of its calls")
  func batch() throws {
    var peer = Conversation(now: start)
    try peer.batch(1, count: 3)
    let text =
      #"[{"jsonrpc":"2.0","id":3,"result":"c"},{"jsonrpc":"2.0","id":1,"result":"a"},{"jsonrpc":"2.0","id":2,"error":{"code":4003,"message":"x"}}]"#
    #expect(peer.receive(text) == ["batch 1 [\"a\", rpc.server, \"c\"]"])
    #expect(peer.machine.pendingCount == 0)
  }

  @Test("Calls that the answer to a batch leaves out, or answers twice, do not hang or trap")
  func shortBatch() throws {
    var peer = Conversation(now: start)
    try peer.batch(1, count: 3)
    let text = #"[{"jsonrpc":"2.0","id":2,"result":"b"},{"jsonrpc":"2.0","id":2,"result":"B"}]"#
    #expect(peer.receive(text) == ["batch 1 [rpc.malformed, \"b\", rpc.malformed]"])
    #expect(peer.machine.ignored.late == 1)
    #expect(peer.machine.pendingCount == 0)
  }

  @Test("An overdue batch fails as a whole")
  func batchTimeout() throws {
    var peer = Conversation(now: start)
    try peer.batch(1, count: 3, timeout: .seconds(5))
    #expect(peer.expire(after: .seconds(5)) == ["batch 1 rpc.timeout"])
    #expect(peer.machine.pendingCount == 0)
  }

  // MARK: Subscriptions

  private static func item(_ subscription: String, _ result: String) -> String {
    #"{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":\#(subscription),"result":\#(result)}}"#
  }

  @Test("Items go to the subscription that the node's id names")
  func items() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    try peer.subscribe(2)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#) == ["subscribed 1"])
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":2,"result":42}"#) == ["subscribed 2"])
    #expect(peer.receive(Self.item("42", "8")) == ["item 2 8"])
    #expect(peer.receive(Self.item(#""S""#, "7")) == ["item 1 7"])
    #expect(peer.receive(Self.item(#""T""#, "9")) == [])
    #expect(peer.machine.ignored.items == 1)
  }

  @Test("Items that arrive before the confirmation are kept and delivered in order")
  func earlyItems() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    #expect(peer.receive(Self.item(#""S""#, "1")) == [])
    #expect(peer.receive(Self.item(#""other""#, "9")) == [])
    #expect(peer.receive(Self.item(#""S""#, "2")) == [])
    #expect(
      peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#) == ["subscribed 1", "item 1 1", "item 1 2"])
    #expect(peer.machine.ignored.items == 1)
  }

  @Test("Items kept before the confirmation are bounded")
  func earlyItemLimit() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    for index in 0..<JSONRPCStateMachine.earlyItemLimit + 10 {
      _ = peer.receive(Self.item(#""S""#, "\(index)"))
    }
    #expect(peer.machine.ignored.items == 10)
    let actions = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#)
    #expect(actions.count == 1 + JSONRPCStateMachine.earlyItemLimit)
  }

  @Test(
    "A confirmation without a usable id is refused",
    arguments: ["null", "true", "[]", "{}", "1.5", "\"\(String(repeating: "x", count: 257))\""])
  func badSubscriptionID(_ id: String) throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":1,"result":\#(id)}"#) == ["subscribed 1 rpc.malformed"])
    #expect(peer.machine.subscriptionCount == 0)
  }

  @Test("A node that gives one id to two subscriptions can't take the first one over")
  func doubledSubscriptionID() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    try peer.subscribe(2)
    _ = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":2,"result":"S"}"#) == ["subscribed 2 rpc.malformed"])
    #expect(peer.receive(Self.item(#""S""#, "1")) == ["item 1 1"])
  }

  @Test("A subscription that the node ends, or that is silent too long, ends visibly")
  func ends() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    try peer.subscribe(2, itemDeadline: .seconds(10))
    _ = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#)
    _ = peer.receive(#"{"jsonrpc":"2.0","id":2,"result":"T"}"#)
    let close = #"{"jsonrpc":"2.0","method":"m","params":{"subscription":"S","error":"lagging"}}"#
    #expect(peer.receive(close) == ["ended 1 rpc.subscription-ended"])
    #expect(peer.receive(Self.item(#""T""#, "1"), after: .seconds(8)) == ["item 2 1"])
    #expect(peer.expire(after: .seconds(17)) == [])
    #expect(
      peer.expire(after: .seconds(18)) == ["unsubscribe m_off \"T\"", "ended 2 rpc.subscription-ended"])
    #expect(peer.machine.subscriptionCount == 0)
  }

  @Test("A cancelled subscription is undone, also when its confirmation comes later")
  func cancelledSubscription() throws {
    var peer = Conversation(now: start)
    try peer.subscribe(1)
    try peer.subscribe(2)
    _ = peer.receive(#"{"jsonrpc":"2.0","id":1,"result":"S"}"#)
    #expect(peer.machine.cancel(1, now: start).map(describe) == ["unsubscribe m_off \"S\""])
    #expect(peer.machine.cancel(2, now: start).isEmpty)
    #expect(peer.receive(#"{"jsonrpc":"2.0","id":2,"result":"T"}"#) == ["unsubscribe m_off \"T\""])
    #expect(peer.receive(Self.item(#""T""#, "1")) == [])
    #expect(peer.machine.subscriptionCount == 0)
    #expect(peer.machine.pendingCount == 0)
  }

  @Test("The end of the connection answers everything exactly once")
  func connectionEnd() throws {
    var peer = Conversation(now: start)
    try peer.call(1)
    try peer.batch(2, count: 2)
    try peer.subscribe(4)
    try peer.subscribe(5)
    _ = peer.receive(#"{"jsonrpc":"2.0","id":4,"result":"S"}"#)
    let actions = peer.machine.end(RPCError(.connectionLost, "gone")).map(describe).sorted()
    #expect(
      actions == [
        "answer 1 rpc.connection-lost", "batch 2 rpc.connection-lost", "ended 4 rpc.subscription-ended",
        "subscribed 5 rpc.connection-lost",
      ])
    #expect(peer.machine.end(RPCError(.connectionLost, "gone")).isEmpty)
    #expect(peer.machine.nextDeadline == nil)
  }

  // MARK: Properties

  @Test("Whatever arrives, each request is answered at most once and the tables drain", arguments: 0..<20)
  func anyOrder(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var peer = Conversation(now: start)
    var answered: [String: Int] = [:]
    var opened = 0
    var next: UInt64 = 1
    func count(_ actions: [String]) {
      for action in actions where action.hasPrefix("answer") || action.hasPrefix("batch") {
        answered[action.split(separator: " ").prefix(2).joined(separator: " "), default: 0] += 1
      }
    }
    for step in 0..<400 {
      let id = UInt64.random(in: 0...next + 2, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1:
        try peer.call(next, timeout: .seconds(Int.random(in: 1...50, using: &generator)))
        (next, opened) = (next + 1, opened + 1)
      case 2:
        let size = Int.random(in: 1...4, using: &generator)
        try peer.batch(next, count: size)
        (next, opened) = (next + UInt64(size), opened + 1)
      case 3:
        try peer.subscribe(next)
        next += 1
      case 4: count(peer.receive(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(step)}"#))
      case 5:
        count(
          peer.receive(
            #"[{"jsonrpc":"2.0","id":\#(id),"result":0},{"jsonrpc":"2.0","id":\#(id + 1),"result":1}]"#))
      case 6: count(peer.receive(Self.item("\(step % 7)", "0")))
      default: count(peer.expire(after: .seconds(step / 8)))
      }
    }
    count(peer.machine.end(RPCError(.connectionLost, "gone")).map(describe))
    #expect(answered.values.allSatisfy { $0 == 1 })
    #expect(answered.count == opened)
    #expect(peer.machine.pendingCount == 0 && peer.machine.subscriptionCount == 0)
  }
}

/// A state machine with the clock and the encoding that its tests need.
private struct Conversation {
  var machine: JSONRPCStateMachine
  let start: ContinuousClock.Instant
  let limits: RPCLimits

  init(now: ContinuousClock.Instant, limits: RPCLimits = RPCLimits()) {
    start = now
    self.limits = limits
    machine = JSONRPCStateMachine(limits: limits)
  }

  mutating func call(_ id: UInt64, _ method: String = "m", timeout: Duration = .seconds(30)) throws {
    try machine.open(JSONRPCRequest(id: id, method, [], limits: limits), deadline: start + timeout)
  }

  mutating func batch(_ id: UInt64, count: Int, timeout: Duration = .seconds(30)) throws {
    let calls = Array(repeating: RPCCall("m"), count: count)
    try machine.open(JSONRPCRequest(id: id, batch: calls, limits: limits), deadline: start + timeout)
  }

  mutating func subscribe(_ id: UInt64, itemDeadline: Duration? = nil) throws {
    try machine.open(
      subscription: JSONRPCRequest(id: id, "m_on", [], limits: limits), unsubscribe: "m_off",
      itemDeadline: itemDeadline, deadline: start + .seconds(30))
  }

  mutating func receive(_ text: String, after time: Duration = .zero) -> [String] {
    machine.receive(Array(text.utf8).span, now: start + time).map(describe)
  }

  mutating func expire(after time: Duration) -> [String] {
    machine.expire(now: start + time).map(describe)
  }
}

private func describe(_ action: JSONRPCStateMachine.Action) -> String {
  func text(_ result: Result<JSONValue, RPCError>) -> String {
    switch result {
    case .success(let value): value.description
    case .failure(let error): error.code
    }
  }
  switch action {
  case .answer(let id, let result): return "answer \(id) \(text(result))"
  case .answerBatch(let id, .success(let results)):
    return "batch \(id) [\(results.map(text).joined(separator: ", "))]"
  case .answerBatch(let id, .failure(let error)): return "batch \(id) \(error.code)"
  case .confirmSubscription(let id, .success): return "subscribed \(id)"
  case .confirmSubscription(let id, .failure(let error)): return "subscribed \(id) \(error.code)"
  case .deliver(let id, let item): return "item \(id) \(item)"
  case .endSubscription(let id, let error): return "ended \(id) \(error.code)"
  case .unsubscribe(let method, let serverID): return "unsubscribe \(method) \(serverID)"
  case .close(let error): return "close \(error.code)"
  }
}
