import ArgumentParser
import Foundation
import Substrate

struct ChainCallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Builds a call from its name and arguments, and sends it.",
    discussion: """
      Arguments are name=value, the value as JSON or text: subnet_id=1 attest_data=null. Without --key the call \
      is only shown. With --dry-run it is signed and tried on a copy of the best block's state; nothing is sent.
      """)

  @OptionGroup var options: ChainOptions
  @OptionGroup var key: KeyOptions
  @Argument(help: ArgumentHelp("The call, such as Network.attest.", valueName: "pallet.call")) var call: String
  @Argument(help: ArgumentHelp("Its arguments.", valueName: "name=value")) var arguments: [String] = []
  @Flag(help: "Show what would happen, and send nothing.") var dryRun = false
  @Flag(name: .shortAndLong, help: "Send without asking.") var yes = false
  @Option(help: "How many blocks it may wait to be included.") var lifetime: UInt64 = ChainClient.defaultLifetime
  @Option(help: "A tip in TENSOR.") var tip = "0"

  func run() async throws {
    let name = try QualifiedName(call)
    let given = try arguments.map(Self.argument)
    guard let tip = Planck(tensor: tip) else {
      throw CommandError("usage.amount", "\(self.tip) is no amount of TENSOR", remedy: "Write it like 0.001.")
    }
    let accountKey = try key.loadIfGiven()
    try await options.withClient { client in
      let metadata = try await client.best().metadata()
      let made = try metadata.makeCall(CallName(name.pallet, name.member), given)
      var report: [String: JSONValue] = [
        "call": .string(made.name.description), "arguments": try Self.arguments(made, metadata),
        "bytes": .string(Hex.encode(made.bytes)),
      ]
      guard let accountKey else {
        write(report)
        if !dryRun, options.format == .table { Report.write(text: "Give --key to sign it; nothing was sent.") }
        return
      }
      let signer = Signer(accountKey, allowing: [made.name])
      let context = try await client.signingContext(for: signer.account, lifetime: lifetime, tip: tip)
      let signed = try context.sign(made, with: signer)
      let trial = try await client.dryRun(signed)
      report["signer"] = .string(signer.account.description)
      report["nonce"] = JSONValue(signed.nonce)
      report["hash"] = .string(Hex.encode(signed.hash))
      report["expiresAt"] = signed.expiresAt.map { JSONValue($0) } ?? .null
      report["fee"] = trial.fee.map { .string("\($0.tensor) TENSOR") } ?? .null
      report["dryRun"] = .string(Self.text(trial))
      if dryRun {
        write(report)
        if let refusal = trial.refusal { throw refusal }
        if !trial.wouldSucceed { throw ExitCode(Failure.Status.failed.rawValue) }
        return
      }
      if options.format == .table { write(report) }
      if let refusal = trial.refusal { throw refusal }
      try confirm(trial)
      let outcome = try await send(signed, from: context.height, client)
      if options.format == .json {
        report["outcome"] = .string(Self.text(outcome.1))
        report["block"] = JSONValue(outcome.0.number)
        report["blockHash"] = .string(outcome.0.hash.description)
        write(report)
      }
      if outcome.1 != .succeeded { throw ExitCode(Failure.Status.failed.rawValue) }
    }
  }

  private func write(_ report: [String: JSONValue]) {
    switch options.format {
    case .json: Report.write(.object(report))
    case .table:
      let order = ["call", "arguments", "bytes", "signer", "nonce", "expiresAt", "fee", "hash", "dryRun"]
      Report.write(rows: order.compactMap { name in report[name].map { (name, $0.tableText) } })
    }
  }

  private func send(
    _ extrinsic: SignedExtrinsic, from block: UInt64, _ client: ChainClient
  ) async throws -> (BlockReference, DispatchOutcome) {
    for try await status in client.submitAndFollow(extrinsic, from: block) {
      switch status {
      case .inBlock(let block, let outcome): tell("in block \(block): \(Self.text(outcome))")
      case .retracted(let block): tell("block \(block) was abandoned; waiting for another")
      case .finalized(let block, let outcome):
        tell("final in block \(block): \(Self.text(outcome))")
        return (block, outcome)
      }
    }
    throw CancellationError()
  }

  private func tell(_ text: String) {
    if options.format == .table { Report.write(text: text) }
  }

  private func confirm(_ trial: DryRun) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1 else {
      throw CommandError(
        "usage.confirm", "nobody is there to confirm the call", remedy: "Give --yes to send without asking.")
    }
    FileHandle.standardError.write(Data("Send it\(trial.wouldSucceed ? "" : " although it would fail")? [y/N] ".utf8))
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw CommandError("usage.declined", "nothing was sent", status: .failed)
    }
  }

  private static func argument(_ text: String) throws -> CallArgument {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw CommandError("usage.argument", "\(text) is not name=value", remedy: "Write subnet_id=1.")
    }
    return CallArgument(String(text[..<equals]), JSONArgument.value(String(text[text.index(after: equals)...])))
  }

  private static func arguments(_ call: RuntimeCall, _ metadata: RuntimeMetadata) throws -> JSONValue {
    try metadata.decodeCall(call.bytes).enumeration().value.enumeration().value.json
  }

  private static func text(_ trial: DryRun) -> String {
    if let refusal = trial.refusal { return "refused: \(refusal.message)" }
    return trial.outcome.map(text) ?? "unknown"
  }

  private static func text(_ outcome: DispatchOutcome) -> String {
    switch outcome {
    case .succeeded: "succeeds"
    case .refused(let reason): "fails: \(reason)"
    case .failed(let error):
      "fails: \(error)"
        + (error.docs.isEmpty ? "" : " (\(error.docs.joined(separator: " ").trimmingCharacters(in: .whitespaces)))")
    }
  }
}
