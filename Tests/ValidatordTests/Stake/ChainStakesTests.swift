import Foundation
import LibP2P
import Protocols
import Substrate
import Synchronization
import Testing

@testable import validatord

@Suite("Proof of stake between peers and the chain", .timeLimit(.minutes(1)))
struct ChainStakesTests {
  /// Stands in for the chain.
  private final class ScriptedChain: StakeSource {
    struct Failure: Error {}

    private struct State {
      var classes: [String: Substrate.NodeClass] = [:]
      var isSilent = false
      var asked: [String] = []
    }

    private let state = Mutex(State())

    var asked: [String] { state.withLock(\.asked) }
    func set(_ peer: PeerID, _ nodeClass: Substrate.NodeClass?) {
      state.withLock { $0.classes[peer.description] = nodeClass }
    }
    func set(silent: Bool) { state.withLock { $0.isSilent = silent } }

    func isStaked(_ peerID: String, _ requirement: StakeRequirement) async throws -> StakeAnswer {
      let isStaked = try state.withLock { state in
        state.asked.append(peerID)
        guard requirement.subnetID == 7, !state.isSilent else { throw Failure() }
        return state.classes[peerID].map { $0 >= requirement.minimumClass } ?? false
      }
      guard let hash = BlockHash([UInt8](repeating: 1, count: 32)) else { throw Failure() }
      return StakeAnswer(isStaked: isStaked, block: BlockReference(number: 100, hash: hash))
    }
  }

  private struct Recorded: Decodable {
    struct Parameters: Decodable {
      let subnetId: UInt32
      let peerIdBytesPrefix: [UInt8]
      let peerIdLength: Int
    }
    struct Step: Decodable {
      let step: String
      let seconds: Double
      /// Nil where the mesh's code raised.
      let answer: Bool?
      let chainCalls: Int

      enum CodingKeys: String, CodingKey { case step, seconds, answer, chainCalls }

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        step = try container.decode(String.self, forKey: .step)
        seconds = try container.decode(Double.self, forKey: .seconds)
        answer = try? container.decode(Bool.self, forKey: .answer)
        chainCalls = try container.decode(Int.self, forKey: .chainCalls)
      }
    }
    let paramsExample: Parameters
    let steps: [Step]
  }

  private static func recorded() throws -> Recorded {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = folder.appending(path: "Vectors/mesh/proof_of_stake.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Recorded.self, from: Data(contentsOf: file))
  }

  @Test("D-7 answers are kept as long as the mesh keeps them, and what is no answer is not kept and not a no")
  func recordedSteps() async throws {
    let recorded = try Self.recorded()
    let (chain, start) = (ScriptedChain(), ContinuousClock.now)
    let elapsed = Mutex(0.0)
    let stakes = ChainStakes(
      subnet: recorded.paramsExample.subnetId, source: chain, grace: .zero,
      now: { start + .seconds(elapsed.withLock(\.self)) })
    let peer = try PrivateKey.generate(.ed25519).peerID
    var (calls, failures) = (0, 0)
    for step in recorded.steps {
      elapsed.withLock { $0 = step.seconds }
      if step.step.contains("chain says true") || step.step.contains("now true") { chain.set(peer, .registered) }
      if step.step.contains("now false") { chain.set(peer, nil) }
      // Where the node gives no proper answer, the mesh's code says no or raises; here it is not known.
      let isImproper = ["result is 1", "error object", "returned None", "again immediately"]
        .contains { step.step.contains($0) }
      chain.set(silent: isImproper)
      let standing = await stakes.standing(of: peer, atLeast: .registered)
      if isImproper {
        guard case .unknown = standing else {
          Issue.record("\(step.step): \(standing)")
          continue
        }
        failures += 1
      } else {
        #expect(standing == (step.answer == true ? .staked : .notStaked), "\(step.step)")
      }
      calls += step.chainCalls
      #expect(chain.asked.count == calls, "\(step.step)")
    }
    #expect(failures == 4)
    let asked = try #require(chain.asked.first)
    #expect(asked.utf8.starts(with: recorded.paramsExample.peerIdBytesPrefix))
    #expect(asked.utf8.count == recorded.paramsExample.peerIdLength)
  }

  @Test("Each class is asked for by itself, from one source")
  func classes() async throws {
    let chain = ScriptedChain()
    let stakes = ChainStakes(subnet: 7, source: chain)
    let peer = try PrivateKey.generate(.ed25519).peerID
    chain.set(peer, .included)
    for (minimum, expected) in [
      (.registered, .staked), (.idle, .staked), (.included, .staked), (.validator, .notStaked),
    ] as [(Protocols.NodeClass, Standing)] {
      #expect(await stakes.standing(of: peer, atLeast: minimum) == expected)
      #expect(await stakes.standing(of: peer, atLeast: minimum) == expected)
    }
    #expect(chain.asked.count == 4)
  }

  @Test("D-8 a chain that does not answer refuses, but for peers proven within the grace")
  func grace() async throws {
    let (chain, start) = (ScriptedChain(), ContinuousClock.now)
    let elapsed = Mutex(Duration.zero)
    let stakes = ChainStakes(
      subnet: 7, source: chain, grace: .seconds(400), now: { start + elapsed.withLock(\.self) })
    let (warm, cold) = (try PrivateKey.generate(.ed25519).peerID, try PrivateKey.generate(.ed25519).peerID)
    chain.set(warm, .registered)
    #expect(await stakes.standing(of: warm, atLeast: .registered) == .staked)
    chain.set(silent: true)
    elapsed.withLock { $0 = .seconds(399) }
    #expect(await stakes.standing(of: warm, atLeast: .registered) == .staked)
    elapsed.withLock { $0 = .seconds(400) }
    for peer in [warm, cold] {
      guard case .unknown = await stakes.standing(of: peer, atLeast: .registered) else {
        Issue.record("\(peer) is not unknown")
        return
      }
    }
  }

  @Test("S6 what any class revokes reaches every listener, also of classes asked for later")
  func revocations() async throws {
    let chain = ScriptedChain()
    let stakes = ChainStakes(subnet: 7, source: chain)
    let listeners = [stakes.revocations(), stakes.revocations()]
    let peers = try (0..<2).map { _ in try PrivateKey.generate(.ed25519).peerID }
    for (peer, minimum) in zip(peers, [.registered, .validator] as [Protocols.NodeClass]) {
      chain.set(peer, .validator)
      #expect(await stakes.standing(of: peer, atLeast: minimum) == .staked)
    }
    chain.set(peers[0], nil)
    chain.set(peers[1], .idle)
    await stakes.update(nil)
    for listener in listeners {
      var revoked: Set<PeerID> = []
      for await peer in listener {
        revoked.insert(peer)
        if revoked.count == 2 { break }
      }
      #expect(revoked == Set(peers))
    }
  }
}
