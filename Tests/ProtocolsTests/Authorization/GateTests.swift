import LibP2P
import Protocols
import Testing

@Suite("The gate")
struct GateTests {
  /// Lets everything pass: what refuses in these tests is the gate itself.
  private struct Consenting: Authorizer {
    func authorize(_ call: P2PContext) async throws(Refusal) -> any CallAuthorization {
      try await Gate.insecure().admit(call)
    }
  }

  private func call(from peer: PeerID, role: P2PContext.Role) throws -> P2PContext {
    P2PContext(
      handleName: "Example.rpc_square", localID: try PrivateKey.generate(.ed25519).peerID, remoteID: peer, role: role)
  }

  @Test("D-6 without stake a peer can neither call nor be called", arguments: [P2PContext.Role.client, .servicer])
  func bothDirections(role: P2PContext.Role) async throws {
    let (staked, unstaked) = (try PrivateKey.generate(.ed25519).peerID, try PrivateKey.generate(.ed25519).peerID)
    let gate = Gate(stake: TableStakes(staked: [staked]), authorizer: Consenting())
    _ = try await gate.admit(call(from: staked, role: role))
    let refusal = await #expect(throws: Refusal.self) { try await gate.admit(call(from: unstaked, role: role)) }
    #expect(refusal?.kind == .notStaked)
  }

  @Test("D-8 what the chain does not answer is refused")
  func unknown() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let stakes = TableStakes()
    stakes.set(peer, .unknown("no endpoint answers"))
    let refusal = await #expect(throws: Refusal.self) {
      try await Gate(stake: stakes, authorizer: Consenting()).admit(call(from: peer, role: .servicer))
    }
    #expect(refusal?.kind == .stakeUnknown && refusal?.message.contains("no endpoint answers") == true)
  }

  @Test("A class below the one that is needed is refused")
  func minimumClass() async throws {
    let peer = try PrivateKey.generate(.ed25519).peerID
    let gate = Gate(stake: TableStakes(staked: [peer], class: .idle), authorizer: Consenting())
    try await gate.requireStake(of: peer, atLeast: .idle)
    let refusal = await #expect(throws: Refusal.self) { try await gate.requireStake(of: peer, atLeast: .included) }
    #expect(refusal?.kind == .notStaked)
  }
}
