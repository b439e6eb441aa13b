import LibP2P
import Protocols
import Testing

/// All kinds of calls, both ways, with go-libp2p behind p2pd and with py-libp2p (mesh-wire.md §2).
@Suite("Calls with foreign peers", .serialized, .timeLimit(.minutes(5)))
struct RPCInteropTests {
  @Test("go-libp2p calls", .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"))
  func calledByGo() async throws { try await called(by: .goLibP2P) }

  @Test("py-libp2p calls", .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
  func calledByPython() async throws { try await called(by: .pyLibP2P) }

  @Test("go-libp2p is called", .enabled(if: InteropTier.has(.goLibP2P), "p2pd is not there"))
  func callingGo() async throws { try await calling(.goLibP2P) }

  @Test("py-libp2p is called", .enabled(if: InteropTier.has(.pyLibP2P), "py-libp2p is not there"))
  func callingPython() async throws { try await calling(.pyLibP2P) }

  private func script(_ kind: ForeignPeer.Kind) -> String {
    kind == .goLibP2P ? "mesh/p2pd_rpc.py" : "mesh/py_rpc.py"
  }

  /// A host that also answers identify, without which p2pd opens no stream.
  private func withHost(_ body: (P2PHost) async throws -> Void) async throws {
    let host = try await TestHosts.make()
    let services = PeerServices(host)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await services.run() }
      try await body(host)
    }
    await host.shutdown()
  }

  private func called(by kind: ForeignPeer.Kind) async throws {
    try await withHost { host in
      let events = Events()
      try Arithmetic(events: events).addP2PHandlers(to: host, gate: .insecure(), configuration: .quiet)
      let address = try #require(try host.listenAddresses.first?.withPeer(host.peerID))
      try await ForeignPeer.running(kind, script(kind), ["--to", address.description]) { peer in
        let result = try #require(await peer.line("result"))
        #expect(result["ok"]?.flag == true, "\(result)")
        // A stream that was closed early and a unary call that was taken back.
        #expect(try await events.wait(for: "began", count: 2))
        #expect(try await events.wait(for: "cancelled", count: 2))
      }
    }
  }

  private func calling(_ kind: ForeignPeer.Kind) async throws {
    try await withHost { host in
      try await ForeignPeer.running(kind, script(kind)) { peer in
        let address = try Multiaddr(try #require(await peer.line("listening")?["multiaddr"]?.text))
        let id = try await host.connect(at: address).peer
        try await exercise(Arithmetic.getServerStub(host, id, gate: .insecure()), kind, peer)
      }
    }
  }

  private func exercise(_ stub: Stub<Arithmetic>, _ kind: ForeignPeer.Kind, _ peer: ForeignPeer) async throws {
    #expect(try await stub.rpcSquare(TestNumber(5)).number == 25)
    #expect(try await stub.rpcSquare(TestNumber()).number == 0)
    #expect(try await stub.rpcBig(TestNumber(1_000_000)).padding.count == 1_000_000)
    let unlucky = await #expect(throws: CallError.self) { try await stub.rpcSquare(TestNumber(13)) }
    #expect(unlucky?.remoteText == "ValueError('unlucky')")

    #expect(try await all(try await stub.rpcCountTo(TestNumber(4))) == [1, 2, 3, 4])
    #expect(try await all(try await stub.rpcCountTo(TestNumber(2000))) == Array(1...2000))
    #expect(try await stub.rpcSum(numbers(1, 2, 3)).number == 6)
    #expect(try await stub.rpcSum(numbers()).number == 0)
    let midway = try await stub.rpcCountTo(TestNumber(13))
    for number: Int64 in 1...3 { #expect(try await midway.next()?.number == number) }
    let failure = await #expect(throws: CallError.self) { try await midway.next() }
    #expect(failure?.remoteText == "unlucky")

    let (requests, send) = AsyncStream.makeStream(of: TestNumber.self)
    let powers = try await stub.rpcPowers(requests)
    for number: Int64 in 1...5 {
      send.yield(TestNumber(number))
      #expect(try await powers.next()?.number == number * number)
      #expect(try await powers.next()?.number == number * number * number)
    }
    send.finish()
    #expect(try await powers.next() == nil)

    if kind == .pyLibP2P {
      let broken = try await stub.rpcCountTo(TestNumber(21))
      await #expect(throws: StreamError.self) { try await all(broken) }
    }
    await #expect(throws: NegotiationError.self) { try await stub.rpcFlood(TestNumber(1)).next() }

    func firstTick() async throws {
      for try await _ in try await stub.rpcTicks(TestNumber(1)) { break }
    }
    try await firstTick()
    #expect(await peer.line("cancelled") != nil)
    let forever = Task { try await stub.rpcForever(TestNumber()) }
    #expect(await peer.line("began") != nil)
    forever.cancel()
    _ = await forever.result
    #expect(await peer.line("cancelled") != nil)
  }

  private func all(_ responses: MessageStream<TestNumber>) async throws -> [Int64] {
    var numbers: [Int64] = []
    for try await response in responses { numbers.append(response.number) }
    return numbers
  }
}
