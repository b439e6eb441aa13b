import ArgumentParser
import LibP2P
import Protocols
import Substrate

struct InferenceCallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Has a hoster continue a prompt, and writes each token as it comes.",
    discussion: """
      The request is signed with the key, and the peer has to prove its stake as the caller has. A hoster appends as \
      many tokens as are asked for, up to its own maximum. With --format json each token is a line of JSON, and the \
      last line has the times.
      """)

  /// Under which name the hoster serves inference.
  enum Name: String, ExpressibleByArgument, CaseIterable {
    case inference = "InferenceProtocol"
    case mock = "MockProtocol"
  }

  @Argument(
    help: ArgumentHelp("Where the peer is, with /p2p and its id, or the id alone.", valueName: PeerTarget.valueName),
    transform: { try PeerTarget($0) })
  var target: PeerTarget
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids")) var promptTokens: String
  @Option(help: "How many tokens to append.") var maxNewTokens: Int32 = 5
  @Option(
    help: ArgumentHelp("Text that goes with the tokens; most models look at the tokens alone.", valueName: "text"))
  var prompt = ""
  @Option(help: "The protocol's name on the peer: InferenceProtocol or MockProtocol.") var `protocol`: Name = .inference
  @Option(help: ArgumentHelp("The key file of the node's peer identity.", valueName: "file")) var key: String?
  @Option(help: "Seconds that the call may take.") var timeout = 60
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table
  @OptionGroup var gate: GateOptions

  func validate() throws {
    guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is from 1 to 86400 seconds") }
    guard maxNewTokens > 0 else { throw ValidationError("--max-new-tokens is one or more") }
    guard key != nil || gate.insecureNoStake else {
      throw ValidationError("give --key: the peer asks for the stake of the one who calls")
    }
  }

  func run() async throws {
    let tensor = try Tensor(tokenIDs: TokenList.parse(promptTokens))
    guard let peer = target.peerID else {
      throw CommandError(
        "usage.peer", "the address does not say which peer is there", remedy: "Add /p2p/ and the peer's id.")
    }
    let identity = try await P2PFailure.translate { try key.map(PeerKeyFile.read) ?? PrivateKey.generate(.ed25519) }
    try await gate.withPeer(identity: identity, calling: target) { [bootstrap = gate.bootstrap] services, gate in
      _ = try await services.connect(to: target, via: bootstrap)
      switch `protocol` {
      case .inference: try await ask(InferenceProtocol.getServerStub(services.host, peer, gate: gate), tensor)
      case .mock: try await ask(MockProtocol.getServerStub(services.host, peer, gate: gate), tensor)
      }
    }
  }

  private func ask<Declared: InferenceProcedures>(_ stub: Stub<Declared>, _ tensor: Tensor) async throws {
    let start = ContinuousClock.now
    var (first, last, count): (Duration, Duration, Int) = (.zero, .zero, 0)
    for try await tensor in try await stub.inferenceStream(
      prompt: prompt, tensor: tensor, maximumNewTokens: maxNewTokens, deadline: start + .seconds(timeout))
    {
      last = ContinuousClock.now - start
      if count == 0 { first = last }
      for token in try tensor.tokenIDs() {
        count += 1
        write(token)
      }
    }
    // A peer that refuses a request ends the stream without a message (mesh-wire.md §3.8).
    guard count > 0 else {
      throw CommandError(
        "inference.no-answer", "the peer ended the call without a token",
        remedy: "It may have refused the caller: check that both nodes have their stake, and the peer's log.")
    }
    report(count, first: first, last: last)
  }

  private func write(_ token: Int32) {
    Report.write(text: format == .table ? "\(token)" : #"{"token": \#(token)}"#)
  }

  private func report(_ count: Int, first: Duration, last: Duration) {
    let (firstMs, lastMs) = (P2PPingCommand.milliseconds(first), P2PPingCommand.milliseconds(last))
    // Between the first and the last: what comes before them is the prompt.
    let rate = count > 1 && lastMs > firstMs ? Double(count - 1) * 1000 / (lastMs - firstMs) : nil
    switch format {
    case .json:
      let summary: JSONValue = [
        "tokens": JSONValue(count), "firstTokenMs": JSONValue(floatLiteral: firstMs),
        "totalMs": JSONValue(floatLiteral: lastMs),
        "tokensPerSecond": rate.map { JSONValue(floatLiteral: $0) } ?? .null,
      ]
      Report.write(text: summary.description)
    case .table:
      let rounded = { (number: Double) in "\((number * 1000).rounded() / 1000)" }
      Report.write(
        text: "first token after \(rounded(firstMs)) ms, \(count) in \(rounded(lastMs)) ms"
          + (rate.map { ", \(rounded($0)) a second" } ?? ""))
    }
  }
}
