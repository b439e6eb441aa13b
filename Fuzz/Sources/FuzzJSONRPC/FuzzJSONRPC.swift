import Fuzzing

@testable import Substrate

/// A conversation with a hostile endpoint, given as lines: the first byte of a line says what happens next, the
/// rest is a message or a number. Every request must be answered once and once only, and nothing may be left
/// behind by the end.
@main
struct FuzzJSONRPC: FuzzTarget {
  func seeds() throws -> [[UInt8]] {
    let answers = try Vectors.objects("response", in: "chain/rpc-chain-2026-02-10.json").prefix(40)
    let conversations = [
      #"c\#nr{"jsonrpc":"2.0","id":0,"result":"0x01"}"#,
      #"c\#nr{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no","data":[1]}}"#,
      #"b\#nr[{"jsonrpc":"2.0","id":1,"result":2},{"jsonrpc":"2.0","id":0,"result":null}]"#,
      #"s\#nr{"jsonrpc":"2.0","id":0,"result":"x"}\#nr{"method":"m","params":{"subscription":"x","result":1}}"#
        + "\nt9\nx0\n",
      #"s\#nr{"method":"m","params":{"subscription":1,"result":1}}\#nx0\#nr{"jsonrpc":"2.0","id":0,"result":1}"#,
      "c\nc\nm\nt5\nt1\nr[]\nr1e400\nr{\"a\":{\"a\":[[[\"\\ud83d\\ude00\"]]]}}",
    ]
    return conversations.map { Array($0.utf8) } + answers.map { Array("c\nr".utf8) + $0 }
  }

  func take(_ input: [UInt8]) {
    var conversation = Conversation()
    for line in input.split(separator: UInt8(ascii: "\n"), maxSplits: 64) {
      conversation.proceed(Array(line))
    }
    conversation.end()
  }
}

/// One state machine, and what it still owes.
private struct Conversation {
  private var machine: JSONRPCStateMachine
  private var now = ContinuousClock.now
  private var nextID: JSONRPCRequest.ID = 0
  private var answers: Set<JSONRPCRequest.ID> = []
  private var batches: Set<JSONRPCRequest.ID> = []
  private var confirmations: Set<JSONRPCRequest.ID> = []
  private var subscriptions: Set<JSONRPCRequest.ID> = []

  init() {
    var limits = RPCLimits()
    limits.pendingRequests = 16
    limits.subscriptions = 4
    limits.messageSize = 1 << 12
    machine = JSONRPCStateMachine(limits: limits)
  }

  mutating func proceed(_ line: [UInt8]) {
    guard let kind = line.first else { return }
    let rest = Array(line.dropFirst())
    let number = rest.first.map { JSONRPCRequest.ID($0 & 15) } ?? 0
    switch Unicode.Scalar(kind) {
    case "c": open(method: "system_health")
    case "m": open(method: "state_getMetadata")
    case "b": openBatch(of: Int(number) % 4)
    case "s": subscribe()
    case "t":
      now += .seconds(Int(number))
      settle(machine.expire(now: now))
    case "x":
      answers.remove(number)
      batches.remove(number)
      confirmations.remove(number)
      subscriptions.remove(number)
      settle(machine.cancel(number, now: now))
    case "r":
      parseTwice(rest)
      settle(machine.receive(rest.span, now: now))
    default: break
    }
    promise(machine.pendingCount <= 16 + 4, "more requests are open than the limit allows")
    promise(machine.subscriptionCount <= 4, "more subscriptions are open than the limit allows")
  }

  mutating func end() {
    settle(machine.end(RPCError(.connectionLost, "the end")))
    promise(answers.isEmpty && batches.isEmpty && confirmations.isEmpty, "a request was never answered")
    promise(subscriptions.isEmpty, "a subscription never ended")
    promise(machine.pendingCount == 0 && machine.subscriptionCount == 0, "something is left behind")
  }

  private mutating func open(method: String) {
    guard let request = try? JSONRPCRequest(id: nextID, method, [], limits: machine.limits),
      (try? machine.open(request, deadline: now + .seconds(5))) != nil
    else { return }
    answers.insert(nextID)
    nextID += 1
  }

  private mutating func openBatch(of count: Int) {
    let calls = (0...count).map { RPCCall("m\($0)") }
    guard let request = try? JSONRPCRequest(id: nextID, batch: calls, limits: machine.limits),
      (try? machine.open(request, deadline: now + .seconds(5))) != nil
    else { return }
    batches.insert(nextID)
    nextID += JSONRPCRequest.ID(calls.count)
  }

  private mutating func subscribe() {
    guard let request = try? JSONRPCRequest(id: nextID, "s", [], limits: machine.limits),
      (try? machine.open(
        subscription: request, unsubscribe: "u", itemDeadline: .seconds(7), deadline: now + .seconds(5))) != nil
    else { return }
    confirmations.insert(nextID)
    nextID += 1
  }

  private mutating func settle(_ actions: [JSONRPCStateMachine.Action]) {
    for action in actions {
      switch action {
      case .answer(let id, _): promise(answers.remove(id) != nil, "call \(id) was answered unasked")
      case .answerBatch(let id, _): promise(batches.remove(id) != nil, "batch \(id) was answered unasked")
      case .confirmSubscription(let id, let result):
        promise(confirmations.remove(id) != nil, "subscription \(id) was confirmed unasked")
        if case .success = result { subscriptions.insert(id) }
      case .deliver(let id, _, _): promise(subscriptions.contains(id), "an item for \(id), which is not open")
      case .endSubscription(let id, _): promise(subscriptions.remove(id) != nil, "\(id) ended, but was not open")
      case .unsubscribe, .close: break
      }
    }
  }

  /// What the parser takes, it must write and take again as the same value.
  private func parseTwice(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    promise((try? JSONValue(parsing: value.encoded())) == value, "a value changes when it is written and read")
  }
}
