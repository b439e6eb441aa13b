import Foundation
import LibP2P
import NIOCore
import Testing

@testable import Protocols

@Suite("The memory of nonces")
struct NonceLedgerTests {
  private let peers = (try? (0..<3).map { _ in try PrivateKey.generate(.ed25519).peerID }) ?? []

  private static func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1_000_000_000)) }

  private func nonce(_ number: Int) -> Data { withUnsafeBytes(of: number) { Data($0) } }

  @Test("D-9 a nonce comes once in three minutes, from each peer")
  func once() throws {
    var ledger = NonceLedger()
    try ledger.reserve(nonce(1), of: peers[0], now: Self.at(1_000))
    try ledger.reserve(nonce(1), of: peers[1], now: Self.at(1_000))
    let refusal = #expect(throws: Refusal.self) { try ledger.reserve(nonce(1), of: peers[0], now: Self.at(1_179.9)) }
    #expect(refusal?.kind == .replay)
    try ledger.reserve(nonce(1), of: peers[0], now: Self.at(1_180))
    #expect(ledger.count == 1)
  }

  @Test("Nonces of any length are told apart and cost the same")
  func lengths() throws {
    var ledger = NonceLedger()
    for length in [0, 1, 8, 1_000, 100_000] { try ledger.reserve(Data(count: length), of: peers[0], now: Self.at(0)) }
    #expect(throws: Refusal.self) { try ledger.reserve(Data(), of: peers[0], now: Self.at(0)) }
  }

  @Test("S5 a full ledger refuses those that fill it, and nobody else")
  func fairness() throws {
    var ledger = NonceLedger(capacity: 1_000)
    func fill(_ peer: PeerID) -> Int {
      var taken = 0
      while taken < 1_000, (try? ledger.reserve(nonce(taken), of: peer, now: Self.at(0))) != nil { taken += 1 }
      return taken
    }
    #expect(fill(peers[0]) == 500)
    #expect(fill(peers[1]) == 250)
    #expect(fill(peers[2]) == 125)
    #expect(fill(peers[0]) == 0)
    #expect(ledger.count == 875)
    // Time gives everything back.
    try ledger.reserve(nonce(0), of: peers[0], now: Self.at(0) + NonceLedger.lifetime)
    #expect(ledger.count == 1)
  }

  @Test("It never holds more than its capacity, whatever comes")
  func bounded() throws {
    var ledger = NonceLedger(capacity: 64)
    for number in 0..<20_000 {
      try? ledger.reserve(nonce(number % 500), of: peers[number % 3], now: Self.at(Double(number) * 0.7))
      #expect(ledger.count <= 64)
    }
  }
}
