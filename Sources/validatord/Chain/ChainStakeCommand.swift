import ArgumentParser
import Substrate

struct ChainStakeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stake", abstract: "Says whether peers have proof of stake in a subnet.",
    discussion: """
      Without peer ids, every node of the subnet is looked up. Ends with 0 if all peers are staked, 1 if one \
      is not, and 69 if that of one could not be found out.
      """)

  @OptionGroup var options: ChainOptions
  @Argument(help: "The subnet's id.") var subnet: UInt32
  @Argument(help: "Peer ids, as base58 text.") var peers: [String] = []
  @Option(
    name: .customLong("class"), help: "The least class: registered, idle, included or validator.",
    transform: NodeClass.named)
  var minimumClass = NodeClass.registered
  @Option(help: "The least stake in TENSOR; the subnet's own minimum if not given.")
  var minimumStake: String?

  func run() async throws {
    var requirement = StakeRequirement(subnetID: subnet, minimumClass: minimumClass)
    if let minimumStake {
      guard let planck = Planck(tensor: minimumStake) else {
        throw CommandError("usage.amount", "\(minimumStake) is no amount of TENSOR", remedy: "Write it like 100.5.")
      }
      requirement.minimumStake = planck
    }
    let verdicts = try await options.withState { state in
      let peers = self.peers.isEmpty ? try await state.subnet(subnet).nodes().map(\.peer.peerID) : self.peers
      let proof = ProofOfStake(.init(requirement), source: ChainStakeSource { state })
      var verdicts: [(peer: String, verdict: StakeVerdict)] = []
      for peer in peers { verdicts.append((peer, await proof.verdict(peer))) }
      return verdicts
    }
    switch options.format {
    case .json:
      Report.write(
        .array(
          verdicts.map {
            ["peerId": .string($0.peer), "verdict": .string($0.verdict.word), "reason": $0.verdict.reason]
          }))
    case .table:
      Report.write(
        headings: ["PEER ID", "PROOF OF STAKE"],
        rows: verdicts.map {
          [$0.peer, [$0.verdict.word, $0.verdict.reason.stringValue].compactMap(\.self).joined(separator: ": ")]
        })
    }
    if verdicts.contains(where: { $0.verdict.word == "unknown" }) {
      throw ExitCode(Failure.Status.unavailable.rawValue)
    }
    if verdicts.contains(where: { $0.verdict == .notStaked }) { throw ExitCode(Failure.Status.failed.rawValue) }
  }
}

extension StakeVerdict {
  fileprivate var word: String {
    switch self {
    case .staked: "staked"
    case .notStaked: "not staked"
    case .unknown: "unknown"
    }
  }

  fileprivate var reason: JSONValue {
    if case .unknown(let unknown) = self { .string(unknown.reason) } else { .null }
  }
}

extension NodeClass {
  /// A class as a person names it.
  fileprivate static func named(_ text: String) throws -> NodeClass {
    guard let found = allCases.first(where: { $0.description.lowercased() == text.lowercased() }) else {
      throw ValidationError("a class is one of \(allCases.map { $0.description.lowercased() }.joined(separator: ", "))")
    }
    return found
  }
}
