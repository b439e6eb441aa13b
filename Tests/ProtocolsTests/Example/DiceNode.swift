import LibP2P
import Protocols

/// A node of the example's subnet: it throws dice for others, and asks others to.
struct DiceNode {
  let p2p: any P2P
  let gate: Gate

  init(_ p2p: any P2P, identity: PrivateKey, stakes: any StakeVerifier) throws {
    self.p2p = p2p
    let signer = try MessageSigner(identity)
    gate = Gate(stake: stakes, authorizer: SignatureAuthorizer(signer, memory: ReplayMemory()))
    try Dice().addP2PHandlers(to: p2p, gate: gate)
  }

  func ask(_ peer: PeerID) async throws -> [UInt32] {
    let dice = Dice.getServerStub(p2p, peer, gate: gate)
    var values = [try await dice.rpcRoll(.with { $0.sides = 6 }, timeout: .seconds(5)).value]
    for await roll in dice.callRollMany(sides: 20, times: 3) { values.append(roll.value) }
    return values
  }
}
