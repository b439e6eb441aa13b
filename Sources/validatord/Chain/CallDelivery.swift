import ArgumentParser
import Foundation
import Substrate

/// How a call is sent: by whom, whether it is only tried, and whether somebody is asked first.
struct CallDelivery: ParsableArguments {
  @OptionGroup var key: KeyOptions
  @Flag(help: "Show what would happen, and send nothing.") var dryRun = false
  @Flag(name: .shortAndLong, help: "Send without asking.") var yes = false
  @Option(help: "How many blocks it may wait to be included.") var lifetime: UInt64 = ChainClient.defaultLifetime
  @Option(help: "A tip in TENSOR.") var tip = "0"

  /// The key that signs.
  ///
  /// - Throws: ``CommandError`` `usage.key` if none is given.
  func signingKey() throws -> AccountKey {
    guard let key = try key.loadIfGiven() else {
      throw CommandError("usage.key", "no key is given that could sign", remedy: "Give --key with the coldkey's file.")
    }
    return key
  }

  /// Signs a call, tries it on a copy of the best block's state, asks, sends, and waits until it is final.
  ///
  /// - Parameters:
  ///   - facts: what the report says besides; a table shows them first.
  ///   - body: the call, made for the runtime of the best block.
  /// - Returns: the state that holds its effects; nil if it was only tried.
  /// - Throws: `ExitCode` 1 for a call that failed, after it was reported.
  @discardableResult
  func deliver(
    _ call: RuntimeCall, by accountKey: AccountKey, through client: ChainClient, format: OutputFormat,
    about facts: [(String, JSONValue)] = []
  ) async throws -> BlockState? {
    guard let tip = Planck(tensor: tip) else {
      throw CommandError("usage.amount", "\(self.tip) is no amount of TENSOR", remedy: "Write it like 0.001.")
    }
    let signer = Signer(accountKey, allowing: [call.name])
    let context = try await client.signingContext(for: signer.account, lifetime: lifetime, tip: tip)
    let signed = try context.sign(call, with: signer)
    let trial = try await client.dryRun(signed)
    var report = try CallReport(call, context.runtime.metadata, facts)
    report.add("signer", .string(signer.account.description))
    report.add("nonce", JSONValue(signed.nonce))
    report.add("expiresAt", signed.expiresAt.map { JSONValue($0) } ?? .null)
    report.add("fee", trial.fee.map { .string("\($0.tensor) TENSOR") } ?? .null)
    report.add("hash", .string(Hex.encode(signed.hash)))
    report.add("dryRun", .string(Self.text(trial)))
    if dryRun {
      report.write(format)
      if let refusal = trial.refusal { throw refusal }
      if !trial.wouldSucceed { throw ExitCode(Failure.Status.failed.rawValue) }
      return nil
    }
    if format == .table { report.write(format) }
    if let refusal = trial.refusal { throw refusal }
    try confirm(trial)
    let (block, outcome) = try await send(signed, from: context.height, client, format)
    if format == .json {
      report.add("outcome", .string(Self.text(outcome)))
      report.add("block", JSONValue(block.number))
      report.add("blockHash", .string(block.hash.description))
      report.write(format)
    }
    guard outcome == .succeeded else { throw ExitCode(Failure.Status.failed.rawValue) }
    return try await client.at(block.hash)
  }

  private func send(
    _ extrinsic: SignedExtrinsic, from block: UInt64, _ client: ChainClient, _ format: OutputFormat
  ) async throws -> (BlockReference, DispatchOutcome) {
    func tell(_ text: String) { if format == .table { Report.write(text: text) } }
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

/// What is told of a call, in order.
struct CallReport {
  private var facts: [(String, JSONValue)]

  init(_ call: RuntimeCall, _ metadata: RuntimeMetadata, _ facts: [(String, JSONValue)] = []) throws {
    let arguments = try metadata.decodeCall(call.bytes).enumeration().value.enumeration().value.json
    self.facts =
      facts + [
        ("call", .string(call.name.description)), ("arguments", arguments), ("bytes", .string(Hex.encode(call.bytes))),
      ]
  }

  mutating func add(_ name: String, _ value: JSONValue) { facts.append((name, value)) }

  func write(_ format: OutputFormat) {
    switch format {
    case .json: Report.write(.object(Dictionary(facts) { _, last in last }))
    case .table: Report.write(rows: facts.map { ($0.0, $0.1.tableText) })
    }
  }
}
