import Foundation
import LibP2P
import Substrate

/// What the chain knows of the node, and whether this program can act on it.
struct ChainExamination: Sendable {
  let chain: ChainSettings
  let role: ConfigCheckCommand.Role
  let peer: PeerID?
  let hotkey: AccountID?

  func findings() async -> [Finding] {
    do {
      return try await Connection.with(chain.endpoints, genesisHash: chain.genesis) { rpc in
        let client = try await ChainClient(rpc, genesisHash: chain.genesis)
        let state = try await client.finalized()
        var findings = [await runtime(state), await clock(client)]
        guard let subnet = try await state.subnet(chain.subnet).subnet() else {
          findings.append(
            Finding(
              "subnet", .failure, "the chain has no subnet \(chain.subnet)",
              remedy: "Mend chain.subnet; `validatord chain info` lists the subnets."))
          return findings
        }
        return findings + (try await node(subnet, state))
      }
    } catch {
      return [Finding("chain", failed: error)]
    }
  }

  /// How far the machine's clock may be from the chain's: behind it, and, because blocks take their time, ahead.
  private static let clockTolerance = -2.0...30.0

  /// The machine's clock beside the time of the newest block. Duties go by blocks, but signed calls between peers bear
  /// the time, and an old one is refused.
  private func clock(_ client: ChainClient) async -> Finding {
    do {
      guard let now = try await client.best().value("Timestamp", "Now"),
        let milliseconds: UInt64 = try? now.integer()
      else { return Finding("clock", .skipped, "the chain does not tell the time") }
      let ahead = Date().timeIntervalSince1970 - Double(milliseconds) / 1000
      guard !Self.clockTolerance.contains(ahead) else {
        return Finding("clock", .ok, "agrees with the chain's")
      }
      // What develops on a chain makes its blocks at any pace, and time on it goes by blocks.
      let type = try? await client.rpc.call("system_chainType", [], timeout: .seconds(10)).stringValue
      if let type, ["Development", "Local"].contains(type) {
        return Finding("clock", .skipped, "the chain is one for development, whose time is not the world's")
      }
      return Finding(
        "clock", .warning, "\(Int(abs(ahead))) s \(ahead > 0 ? "ahead of" : "behind") the newest block",
        remedy:
          "Have chrony or systemd-timesyncd keep the clock right; or the chain stands still.")
    } catch {
      return Finding("clock", failed: error)
    }
  }

  /// Whether all calls that the daemon makes have a shape that this build knows.
  private func runtime(_ state: BlockState) async -> Finding {
    do {
      let metadata = try await state.metadata()
      let generation = try Generation(metadata)
      guard role == .validator else { return Finding("runtime", .ok, "generation \("\(generation)".uppercased())") }
      let score = ConsensusSubmission.Score(subnetNodeID: 1, score: .one)
      _ = try HypertensorCall.proposeAttestation(subnet: chain.subnet, node: 1, scores: [score]).make(metadata)
      _ = try HypertensorCall.attest(subnet: chain.subnet, node: 1).make(metadata)
      return Finding("runtime", .ok, "generation \("\(generation)".uppercased()), its calls are known")
    } catch {
      return Finding("runtime", failed: error)
    }
  }

  private func node(_ subnet: Subnet, _ state: BlockState) async throws -> [Finding] {
    guard let peer else { return [Finding("node", .skipped, "the peer key can't be read")] }
    let subnetState = state.subnet(subnet.id)
    guard let id = try await subnetState.nodeID(peerID: peer.description), let node = try await subnetState.node(id)
    else {
      return [
        Finding(
          "node", .failure, "\(peer) is registered in subnet \(subnet.id) by nobody",
          remedy: "`validatord node register \(subnet.id) …`, signed by the coldkey; or it is another key file.")
      ]
    }
    let health = try await NodeExamination(node, subnet, state)
    return [Finding("node", .ok, "node \(id) of \(subnet.name)")]
      + [hotkeyFinding(health), roleFinding(node)].compactMap(\.self)
      + health.findings
  }

  private func hotkeyFinding(_ health: NodeExamination) -> Finding? {
    guard let hotkey, let registered = health.hotkey else { return nil }
    return hotkey == registered
      ? Finding("hotkey", .ok, "the node signs with it")
      : Finding(
        "hotkey", .failure, "the node is registered with \(registered), the key file holds \(hotkey)",
        remedy: "Set node.hotkey to the right file, or `validatord chain call Network.update_hotkey …`.")
  }

  private func roleFinding(_ node: SubnetNode) -> Finding? {
    switch role {
    case .validator where node.nodeClass < .validator:
      Finding(
        "role", .warning, "a node of class \(node.nodeClass) is neither elected nor may attest",
        remedy: "It rises by itself while it serves; the daemon keeps scores meanwhile.")
    case .hoster where node.nodeClass < .included:
      Finding(
        "role", .warning, "validators don't call a node of class \(node.nodeClass)",
        remedy: "It rises by itself, a class after some epochs.")
    default: nil
    }
  }
}
