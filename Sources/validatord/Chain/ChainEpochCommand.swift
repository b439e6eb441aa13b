import ArgumentParser
import Foundation
import Substrate

struct ChainEpochCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epoch", abstract: "Says where a subnet is in its epoch, who was elected and who attested.")

  @OptionGroup var options: ChainOptions
  @Argument(help: "The subnet's id.") var subnet: UInt32

  func run() async throws {
    try await options.withState { state in
      let subnetState = state.subnet(subnet)
      guard let info = try await subnetState.subnet() else { throw CommandError.noSubnet(subnet, state) }
      guard let clock = try await subnetState.clock() else {
        throw CommandError(
          "chain.no-slot", "subnet \(subnet) has no slot: it is \(info.state.rawValue)",
          remedy: "Its epochs start when it is activated.", status: .failed)
      }
      var facts: [(String, String, JSONValue)] = [
        ("subnet", "subnet", JSONValue(subnet)), ("name", "name", .string(info.name)),
        ("state", "state", .string(info.state.rawValue)), ("block", "block", JSONValue(state.number)),
        ("epoch length", "epochLength", JSONValue(clock.epochLength)),
        ("epoch", "epoch", JSONValue(state.number / clock.epochLength)), ("slot", "slot", JSONValue(clock.slot)),
      ]
      if let epoch = clock.epoch(at: state.number), let into = clock.blocksInto(state.number) {
        facts += [
          ("subnet epoch", "subnetEpoch", JSONValue(epoch)),
          ("blocks into it", "into", JSONValue(into)),
          ("first block", "firstBlock", JSONValue(clock.firstBlock(of: epoch))),
          ("last block", "lastBlock", JSONValue(clock.lastBlock(of: epoch))),
        ]
        facts += try await consensus(subnetState, epoch: epoch)
      } else {
        facts.append(("subnet epoch", "subnetEpoch", .null))
      }
      switch options.format {
      case .json: Report.write(.object(Dictionary(uniqueKeysWithValues: facts.map { ($0.1, $0.2) })))
      case .table: Report.write(rows: facts.map { ($0.0, $0.2.tableText) })
      }
    }
  }

  private func consensus(_ subnet: SubnetState, epoch: UInt32) async throws -> [(String, String, JSONValue)] {
    let elected = try await subnet.electedValidator(epoch: epoch)
    var facts: [(String, String, JSONValue)] = [
      ("elected validator", "electedValidator", elected.map { JSONValue($0) } ?? .null)
    ]
    guard let submission = try await subnet.submission(epoch: epoch) else {
      return facts + [("proposal", "proposal", .null)]
    }
    let parameters = try await subnet.state.consensusParameters()
    let voters =
      submission.validatorIDs?.count
      ?? submission.nodes.count { $0.has(.validator, at: epoch) }
    facts += [
      ("proposal in block", "proposal", JSONValue(submission.block)),
      ("proposal's reward factor", "rewardFactor", .string(submission.rewardFactor.percent)),
      (
        "scores", "scores",
        .object(Dictionary(submission.scores.map { ("\($0.subnetNodeID)", .string("\($0.score)")) }) { $1 })
      ),
      ("attested by", "attestations", .array(submission.attestations.keys.sorted().map { JSONValue($0) })),
      ("attestations", "attestationCount", .string("\(submission.attestations.count) of \(voters)")),
      ("attestations needed", "attestationShare", .string(parameters.minimumAttestation.percent)),
    ]
    return facts
  }
}

extension JSONValue {
  /// The value as a table shows it.
  var tableText: String {
    switch self {
    case .null: "–"
    case .string(let text): text
    case .array(let elements): elements.isEmpty ? "–" : elements.map(\.tableText).joined(separator: ", ")
    case .object(let members):
      members.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }
        .map { "\($0.key): \($0.value.tableText)" }.joined(separator: ", ")
    default: description
    }
  }
}

extension CommandError {
  static func noSubnet(_ subnet: UInt32, _ state: BlockState) -> CommandError {
    CommandError(
      "chain.no-subnet", "there is no subnet \(subnet) at block \(state.number)",
      remedy: "`validatord chain info` lists the subnets.", status: .failed)
  }
}
