import Foundation
import Protocols

/// The servicer of these tests, with one procedure of each kind and some that misbehave. 13 is unlucky everywhere.
struct Arithmetic: Servicer {
  static let rpcSquare = RPC<TestNumber, TestNumber>.unary("rpc_square")
  static let rpcCountTo = RPC<TestNumber, TestNumber>.serverStream("rpc_count_to")
  static let rpcSum = RPC<TestNumber, TestNumber>.clientStream("rpc_sum")
  static let rpcPowers = RPC<TestNumber, TestNumber>.bidirectional("rpc_powers")
  /// Says who calls.
  static let rpcCaller = RPC<TestNumber, TestNumber>.unary("rpc_caller")
  /// Answers with so many bytes.
  static let rpcBig = RPC<TestNumber, TestNumber>.unary("rpc_big")
  /// Work until they are cancelled.
  static let rpcForever = RPC<TestNumber, TestNumber>.unary("rpc_forever")
  static let rpcTicks = RPC<TestNumber, TestNumber>.serverStream("rpc_ticks")
  /// Says how many of these calls have begun.
  static let rpcBegan = RPC<TestNumber, TestNumber>.unary("rpc_began")
  /// Works until there is the event "release".
  static let rpcWait = RPC<TestNumber, TestNumber>.unary("rpc_wait")
  /// Sends so many messages of 256 KiB.
  static let rpcFlood = RPC<TestNumber, TestNumber>.serverStream("rpc_flood")

  static let secret = "the password is 1234"
  let events: Events

  var handlers: [RPCHandler] {
    [
      Self.rpcSquare.handler(square),
      Self.rpcCountTo.handler(count),
      Self.rpcSum.handler(sum),
      Self.rpcPowers.handler(powers),
      Self.rpcCaller.handler { _, context in
        TestNumber.with {
          $0.mark = Data("\(context.handleName) \(context.remoteID) \(context.localID) \(context.role)".utf8)
        }
      },
      Self.rpcBig.handler { request, _ in .with { $0.padding = Data(count: Int(request.number)) } },
      Self.rpcForever.handler { _, _ in
        try await untilCancelled()
        return TestNumber()
      },
      Self.rpcBegan.handler { _, _ in TestNumber(Int64(events.count("began"))) },
      Self.rpcWait.handler { request, _ in
        events.post("began")
        _ = try await events.wait(for: "release")
        events.post("finished")
        return request
      },
      Self.rpcTicks.handler { request, _, responses in
        try await responses.write(request)
        try await untilCancelled()
      },
      Self.rpcFlood.handler { request, _, responses in
        for _ in 0..<request.number {
          events.post("sending")
          try await responses.write(.with { $0.padding = Data(count: 256 << 10) })
        }
      },
    ]
  }

  private func square(_ request: TestNumber, _ context: P2PContext) throws -> TestNumber {
    events.post("square")
    if request.number == 14 { throw Unforeseen() }
    try beLucky(request.number)
    return .with { $0.number = request.number * request.number }
  }

  private func count(
    _ request: TestNumber, _ context: P2PContext, _ responses: MessageWriter<TestNumber>
  ) async throws {
    events.post("count")
    for number in 1...max(1, request.number) {
      try await responses.write(.with { $0.number = number })
      if number == 3 { try beLucky(request.number) }
    }
  }

  private func sum(_ requests: MessageStream<TestNumber>, _ context: P2PContext) async throws -> TestNumber {
    events.post("sum")
    var sum = TestNumber()
    for try await request in requests {
      try beLucky(request.number)
      sum.number += request.number
      events.post("added")
    }
    return sum
  }

  /// Square and cube of each number, as it comes.
  private func powers(
    _ requests: MessageStream<TestNumber>, _ context: P2PContext, _ responses: MessageWriter<TestNumber>
  ) async throws {
    events.post("powers")
    for try await request in requests {
      try beLucky(request.number)
      for power in [request.number * request.number, request.number * request.number * request.number] {
        try await responses.write(.with { $0.number = power })
      }
    }
  }

  private func beLucky(_ number: Int64) throws {
    if number == 13 { throw RPCError("unlucky", kind: "ValueError") }
  }

  private func untilCancelled() async throws {
    events.post("began")
    do {
      try await Task.sleep(for: .seconds(600))
    } catch {
      events.post("cancelled")
      throw error
    }
  }

  private struct Unforeseen: Error, CustomStringConvertible {
    let description = Arithmetic.secret
  }
}

extension TestNumber {
  init(_ number: Int64) { self = .with { $0.number = number } }
}

/// Numbers as the requests of a stream.
func numbers(_ numbers: Int64...) -> AsyncStream<TestNumber> {
  AsyncStream { continuation in
    for number in numbers { continuation.yield(TestNumber(number)) }
    continuation.finish()
  }
}
