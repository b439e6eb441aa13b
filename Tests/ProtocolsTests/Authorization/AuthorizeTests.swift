import Foundation
import LibP2P
import NIOCore
import SwiftProtobuf
import Synchronization
import Testing

@testable import Protocols

@Suite("Authorization rules")
struct AuthorizeTests {
  private func expect(
    _ kind: Refusal.Code, _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async {
    let refusal = await #expect(throws: Refusal.self, sourceLocation: location) { try await body() }
    #expect(refusal?.kind == kind, sourceLocation: location)
  }

  private func request(from client: TestNode, to service: TestNode) async throws -> PingRequest {
    try await client.calls(service).sign(PingRequest())
  }

  @Test("P-41 P-42 a call goes through, and neither side takes an altered message")
  func wholeCall() async throws {
    for name in ["ed25519_a", "rsa_a"] {
      let (client, service) = (try TestNode(name), try TestNode.random())
      let (asking, answering) = (try await client.calls(service), try await service.serves(client))
      let request = try await asking.sign(PingRequest.with { $0.validate = true })
      var altered = request
      altered.validate = false
      await expect(.signature) { try await service.serves(client).verify(altered) }
      // The nonce went with the altered copy: it was reserved before the signature was looked at.
      await expect(.replay) { try await service.serves(client).verify(request) }

      let next = try await client.calls(service).sign(PingRequest())
      try await answering.verify(next)
      let response = try await answering.sign(PingResponse.with { $0.available = true })
      await expect(.nonce) { try await asking.verify(response) }

      let last = try await client.calls(service)
      let answer = try await service.serves(client)
      try await answer.verify(last.sign(PingRequest()))
      var signed = try await answer.sign(PingResponse())
      try await last.verify(signed)
      signed.available = true
      await expect(.signature) { try await last.verify(signed) }
    }
  }

  @Test("S5 what another peer signed is refused, in requests and responses")
  func foreignSigner() async throws {
    let (client, service, thief) = (try TestNode.random(), try TestNode.random(), try TestNode.random())
    let request = try await request(from: client, to: service)
    await expect(.signer) { try await service.serves(thief).verify(request) }
    // The thief has used up nothing of the client's.
    let answering = try await service.serves(client)
    try await answering.verify(request)

    let asking = try await client.calls(thief)
    let passedOn = try await thief.serves(client)
    try await passedOn.verify(asking.sign(PingRequest()))
    var stolen = try await passedOn.sign(PingResponse())
    stolen.auth.serviceAccessToken = try service.signer.token()
    await expect(.signer) { try await asking.verify(stolen) }
  }

  @Test("P-40 S5 the audience is always sent where the key is known, and held against this node's key")
  func audience() async throws {
    let (client, service, other) = (try TestNode.random(), try TestNode("rsa_a"), try TestNode.random())
    let request = try await request(from: client, to: service)
    #expect(String(decoding: request.auth.servicePublicKey, as: UTF8.self) == service.identity.publicKey.openSSH)
    await expect(.audience) { try await other.serves(client).verify(request) }

    // Another text of the same key is the same key.
    let signer = try client.signer
    func naming(_ audience: String) async throws -> PingRequest {
      var request = PingRequest()
      request.auth.clientAccessToken = try signer.token()
      request.auth.time = signer.now
      request.auth.nonce = signer.nonce()
      request.auth.servicePublicKey = Data(audience.utf8)
      request.auth.signature = try signer.signature(for: request.canonicalBytes())
      return request
    }
    let key = try #require(service.identity.publicKey.openSSH)
    try await service.serves(client).verify(naming(key + " comment"))
    try await service.serves(client).verify(naming(""))
    await expect(.audience) { try await service.serves(client).verify(naming("nonsense")) }
  }

  @Test("D-9 the clock window has both ends, and times that are no numbers are outside of it")
  func clock() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    for (skew, isGood) in [
      (0, true), (60, true), (-60, true), (60.5, false), (-60.5, false), (.nan, false), (.infinity, false),
      (-.infinity, false), (1e308, false),
    ] as [(Double, Bool)] {
      service.set(now: 1_760_000_000)
      client.set(now: 1_760_000_000 + skew)
      let request = try await request(from: client, to: service)
      if isGood {
        try await service.serves(client).verify(request)
      } else {
        await expect(.clock) { try await service.serves(client).verify(request) }
      }
    }
  }

  @Test("A clock that is set an hour ahead and back forgets no nonce, and one that is set back keeps none for longer")
  func clockJumps() async throws {
    let passed = Mutex(NIODeadline.uptimeNanoseconds(0))
    let memory = ReplayMemory(capacity: 8) { passed.withLock(\.self) }
    let (client, service) = (try TestNode.random(), try TestNode.random())
    func authorizer() throws -> SignatureAuthorizer { SignatureAuthorizer(try service.signer, memory: memory) }
    let start = 1_760_000_000.0
    for node in [client, service] { node.set(now: start) }
    let request = try await request(from: client, to: service)
    try await service.serves(client, by: authorizer()).verify(request)
    service.set(now: start + 3600)
    await expect(.clock) { try await service.serves(client, by: authorizer()).verify(request) }
    for node in [client, service] { node.set(now: start + 3600) }
    try await service.serves(client, by: authorizer()).verify(try await self.request(from: client, to: service))
    for node in [client, service] { node.set(now: start) }
    await expect(.replay) { try await service.serves(client, by: authorizer()).verify(request) }
    // One peer may fill half of the memory, which three minutes give back whatever the clock shows.
    for _ in 0..<2 {
      try? await service.serves(client, by: authorizer()).verify(try await self.request(from: client, to: service))
    }
    let late = try await self.request(from: client, to: service)
    await expect(.replay) { try await service.serves(client, by: authorizer()).verify(late) }
    passed.withLock { $0 = $0 + .seconds(180) }
    for node in [client, service] { node.set(now: start - 3600) }
    try await service.serves(client, by: authorizer()).verify(try await self.request(from: client, to: service))
  }

  @Test("A token that is over is refused, one that can't be read is not")
  func tokenEnd() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    for (end, isGood) in [
      ("2025-10-09 08:53:20+00:00", true), ("2025-10-09 08:52:19+00:00", false), ("1999-01-01 00:00:00+00:00", false),
      ("2099-01-01 00:00:00+00:00", true), ("whenever", true), ("", true),
    ] {
      service.set(now: 1_760_000_000)
      let signer = try client.signer
      var request = PingRequest()
      request.auth.clientAccessToken = try signer.token()
      request.auth.clientAccessToken.expirationTime = end
      request.auth.time = signer.now
      request.auth.nonce = signer.nonce()
      request.auth.signature = try signer.signature(for: request.canonicalBytes())
      if isGood {
        try await service.serves(client).verify(request)
      } else {
        await expect(.expired) { try await service.serves(client).verify(request) }
      }
    }
  }

  @Test("D-9 a request comes once, also when copies race, and to whichever protocol of the process")
  func replay() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let request = try await request(from: client, to: service)
    // Two authorizers, one memory, and a stake that is asked for slowly: the nonce is taken before.
    let stakes = HeldStakes()
    let authorizers = [
      ProofOfStakeAuthorizer(try service.signer, memory: service.memory, stake: stakes),
      ProofOfStakeAuthorizer(try service.signer, memory: service.memory, stake: stakes),
    ]
    let outcomes = await withTaskGroup(of: Refusal.Code?.self) { group in
      for number in 0..<20 {
        group.addTask {
          do {
            try await service.serves(client, by: authorizers[number % 2]).verify(request)
            return nil
          } catch {
            return (error as? Refusal)?.kind
          }
        }
      }
      var refused: [Refusal.Code?] = []
      for await outcome in group {
        refused.append(outcome)
        if refused.count == 19 { stakes.release() }
      }
      return refused
    }
    #expect(outcomes.filter { $0 == nil }.count == 1)
    #expect(outcomes.filter { $0 == .replay }.count == 19)
  }

  @Test("D-6 an unstaked signer is refused in both directions, and so is one that nobody knows about")
  func stake() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let stakes = TableStakes(staked: [service.id])
    let gated = ProofOfStakeAuthorizer(try service.signer, memory: service.memory, stake: stakes)
    let request = try await request(from: client, to: service)
    await expect(.notStaked) { try await service.serves(client, by: gated).verify(request) }
    stakes.set(client.id, .unknown("no endpoint"))
    let second = try await self.request(from: client, to: service)
    await expect(.stakeUnknown) { try await service.serves(client, by: gated).verify(second) }

    stakes.set(client.id, .staked)
    stakes.revoke(service.id)
    let asking = try await client.calls(
      service, by: ProofOfStakeAuthorizer(try client.signer, memory: client.memory, stake: stakes))
    let answering = try await service.serves(client)
    try await answering.verify(asking.sign(PingRequest()))
    let response = try await answering.sign(PingResponse())
    await expect(.notStaked) { try await asking.verify(response) }
  }

  @Test("Every message of a stream is judged; each request has its own nonce, each response the first one's")
  func streams() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let (asking, answering) = (try await client.calls(service), try await service.serves(client))
    var nonces: Set<Data> = []
    for _ in 0..<5 {
      let request = try await asking.sign(PingRequest())
      try await answering.verify(request)
      nonces.insert(request.auth.nonce)
      let response = try await answering.sign(PingResponse())
      #expect(nonces.contains(response.auth.nonce))
      try await asking.verify(response)
    }
    #expect(nonces.count == 5)
    await expect(.unsigned) { try await answering.verify(PingRequest()) }
    await expect(.unsigned) { try await asking.verify(PingResponse.with { $0.available = true }) }
    let repeated = try await asking.sign(PingRequest())
    try await answering.verify(repeated)
    await expect(.replay) { try await answering.verify(repeated) }
    // A later request's nonce answers nothing.
    let misled = try await service.serves(client)
    try await misled.verify(asking.sign(PingRequest()))
    let response = try await misled.sign(PingResponse())
    await expect(.nonce) { try await asking.verify(response) }
  }

  @Test("Messages without the field pass untouched; those of the other direction and early answers do not")
  func directions() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let (asking, answering) = (try await client.calls(service), try await service.serves(client))
    await expect(.nonce) { _ = try await answering.sign(PingResponse()) }
    let node = NodeData.with { $0.serializedInfo = Data([1]) }
    #expect(try await asking.sign(node) == node)
    try await answering.verify(node)
    let response = try await answering.sign(PingResponse())
    #expect(response.auth.nonce.isEmpty)
    try await asking.verify(response)
    await expect(.unsigned) { _ = try await asking.sign(PingResponse()) }
    await expect(.unsigned) { try await answering.verify(response) }
  }

  private struct Noting: AuthorizationRule {
    let name: String
    let notes: Notes
    func admit(_ call: P2PContext) { notes.add("admit \(name)") }
    func judge(_ claim: SignedClaim) { notes.add("judge \(name)") }
  }

  private final class Notes: Sendable {
    let all = Mutex<[String]>([])
    func add(_ note: String) { all.withLock { $0.append(note) } }
  }

  @Test(
    "Rules are asked in reading order, and the signature is verified even where none says so", arguments: [true, false])
  func order(hasMiddle: Bool) async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let notes = Notes()
    let policy = Authorize(as: try service.signer) {
      Noting(name: "first", notes: notes)
      if hasMiddle { Noting(name: "second", notes: notes) }
      Noting(name: "third", notes: notes)
    }
    var request = try await request(from: client, to: service)
    try await service.serves(client, by: policy).verify(request)
    let names = hasMiddle ? ["first", "second", "third"] : ["first", "third"]
    #expect(notes.all.withLock(\.self) == names.map { "admit \($0)" } + names.map { "judge \($0)" })
    request.validate.toggle()
    await expect(.signature) { try await service.serves(client, by: policy).verify(request) }
  }

  @Test("Rates hold for each peer and for all together, for calls that come in alone")
  func rates() async throws {
    let (service, peers) = (try TestNode.random(), try (0..<3).map { _ in try TestNode.random() })
    let now = Mutex(NIODeadline.uptimeNanoseconds(1_000_000_000_000))
    let limited = RateLimitAuthorizer(
      try service.signer, memory: service.memory,
      rates: RateLimited(
        peer: .init(burst: 2, interval: .seconds(1)), all: .init(burst: 5, interval: .seconds(10)),
        now: { now.withLock(\.self) }))
    for peer in peers.prefix(2) {
      for _ in 0..<2 { _ = try await service.serves(peer, by: limited) }
      await expect(.tooOften) { _ = try await service.serves(peer, by: limited) }
    }
    _ = try await service.serves(peers[2], by: limited)
    await expect(.tooOften) { _ = try await service.serves(peers[2], by: limited) }
    for _ in 0..<20 { _ = try await service.calls(peers[0], by: limited) }
    now.withLock { $0 = $0 + .seconds(10) }
    try await service.serves(peers[0], by: limited).verify(request(from: peers[0], to: service))
  }

  @Test("S4 unknown fields are covered by the signature; floods of them and of nesting end")
  func hostileBytes() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let signed: [UInt8] = try await request(from: client, to: service).serializedBytes()
    let added = try PingRequest(serializedBytes: signed + [0x98, 0x06, 0x01])
    await expect(.signature) { try await service.serves(client).verify(added) }

    let flood = Array(repeating: [0x98, 0x06, 0x01] as [UInt8], count: 1 << 20).flatMap(\.self)
    let flooded = try PingRequest(serializedBytes: signed + flood)
    #expect(flooded.unknownFields.data.count <= flood.count)
    await expect(.replay) { try await service.serves(client).verify(flooded) }

    // Groups inside groups (field 99, wire type 3).
    let nested = Array(repeating: [0x9b, 0x06] as [UInt8], count: 100_000).flatMap(\.self)
    #expect(throws: (any Error).self) { try PingRequest(serializedBytes: signed + nested) }
  }

  @Test("Mutations of a signed request are refused with a reason, never taken")
  func mutations() async throws {
    let (client, service) = (try TestNode.random(), try TestNode.random())
    let signed: [UInt8] = try await request(from: client, to: service).serializedBytes()
    for index in signed.indices {
      for bit in [0, 3, 7] as [UInt8] {
        var mutated = signed
        mutated[index] ^= 1 << bit
        guard let request = try? PingRequest(serializedBytes: mutated) else { continue }
        do {
          // A node that has seen nothing yet, so that no mutation is refused as a copy of the one before.
          try await TestNode(service.identity).serves(client).verify(request)
          // Only how the signature itself is written is not signed.
          #expect(try request.auth.signature != PingRequest(serializedBytes: signed).auth.signature)
        } catch is Refusal {}
      }
    }
  }
}

/// Says that everybody is staked, once it is released.
private final class HeldStakes: StakeVerifier {
  private let state = Mutex<(isHeld: Bool, waiting: [CheckedContinuation<Void, Never>])>((true, []))

  func release() {
    let waiting = state.withLock { state in
      state.isHeld = false
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func standing(of peer: PeerID, atLeast minimum: NodeClass) async -> Standing {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.isHeld { state.waiting.append(continuation) }
        return !state.isHeld
      }
      if goesOn { continuation.resume() }
    }
    return .staked
  }

  func revocations() -> AsyncStream<PeerID> { AsyncStream { $0.finish() } }
}
