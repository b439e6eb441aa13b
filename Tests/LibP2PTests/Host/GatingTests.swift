import Logging
import NIOCore
import Synchronization
import Testing

@testable import LibP2P

@Suite("Connection gater", .timeLimit(.minutes(1)))
struct GatingTests {
  /// Answers as told, and notes the questions.
  private final class TestGater: ConnectionGater {
    struct Answers: Sendable {
      var dial = true
      var accept = true
      var connection = true
      var delay = Duration.zero
    }
    let answers: Answers
    let questions = Mutex<[String]>([])

    init(_ change: (inout Answers) -> Void) {
      var answers = Answers()
      change(&answers)
      self.answers = answers
    }

    func allowsDial(to peer: PeerID?, at address: Multiaddr) -> Bool {
      questions.withLock { $0.append("dial") }
      return answers.dial
    }

    func allowsAccept(from address: Multiaddr) -> Bool {
      questions.withLock { $0.append("accept") }
      return answers.accept
    }

    func allowsConnection(with peer: PeerID, at address: Multiaddr, _ direction: Direction) async -> Bool {
      questions.withLock { $0.append("connection with \(peer) \(direction)") }
      try? await Task.sleep(for: answers.delay)
      return answers.connection
    }
  }

  /// A dialer and a listener, one of them with `gater`.
  private func connect(_ gater: TestGater, gatesListener: Bool) async throws -> Result<Void, any Error> {
    var outcome: Result<Void, any Error> = .success(())
    try await TestHosts.with(
      2,
      configure: { index, configuration in
        configuration.timeouts.upgrade = .milliseconds(700)
        configuration.logger.logLevel = .critical
        if (index == 1) == gatesListener { configuration.gater = gater }
      }
    ) { (hosts) async throws in
      do {
        let stream = try await hosts[0].openStream(to: hosts[1], EchoProtocol.id)
        _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
      } catch {
        outcome = .failure(error)
      }
      let expected = gatesListener ? hosts[0].peerID : hosts[1].peerID
      for question in gater.questions.withLock(\.self) where question.hasPrefix("connection") {
        #expect(question == "connection with \(expected) \(gatesListener ? "inbound" : "outbound")")
      }
      if case .failure = outcome {
        #expect(try await TestHosts.eventually { hosts.allSatisfy { $0.peers.isEmpty } })
      }
    }
    return outcome
  }

  @Test("It is asked before and after the handshake, on both sides")
  func asked() async throws {
    let listener = TestGater { _ in }
    try await connect(listener, gatesListener: true).get()
    #expect(listener.questions.withLock(\.count) == 2)
    #expect(listener.questions.withLock(\.first) == "accept")
    let dialer = TestGater { _ in }
    try await connect(dialer, gatesListener: false).get()
    #expect(dialer.questions.withLock(\.count) == 2)
    #expect(dialer.questions.withLock(\.first) == "dial")
  }

  @Test("A refused dial touches no socket, a refused socket sees no handshake, a refused peer gets no stream")
  func refusals() async throws {
    let refusals: [(TestGater, Bool, String?, Int)] = [
      (TestGater { $0.dial = false }, false, "host.refused", 1),
      (TestGater { $0.connection = false }, false, "host.refused", 2),
      (TestGater { $0.accept = false }, true, nil, 1),
      (TestGater { $0.connection = false }, true, nil, 2),
    ]
    for (gater, gatesListener, expected, questions) in refusals {
      let outcome = try await connect(gater, gatesListener: gatesListener)
      let error = #expect(throws: (any Error).self) { try outcome.get() }
      if let expected { #expect((error as? any LibP2PError)?.code == expected) }
      #expect(gater.questions.withLock(\.count) == questions)
    }
  }

  @Test("A gater that does not answer before the upgrade's deadline refuses")
  func slowGater() async throws {
    let outcome = try await connect(TestGater { $0.delay = .seconds(3) }, gatesListener: true)
    #expect(throws: (any Error).self) { try outcome.get() }
  }
}
