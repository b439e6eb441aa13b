import ArgumentParser
import LibP2P
import Protocols

struct RPCCallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Calls a procedure of a peer, with JSON.",
    discussion: """
      Writes each response as a line of JSON. The request is signed with the key, and the peer has to prove its stake \
      as the caller has. Bytes are base64, fields are named as in the schema or in lowerCamelCase.
      """)

  @Argument(
    help: ArgumentHelp("Where the peer is, with /p2p and its id, or the id alone.", valueName: PeerTarget.valueName),
    transform: { try PeerTarget($0) })
  var target: PeerTarget
  @Argument(help: "The procedure, such as DHTProtocol.rpc_ping; see rpc list.") var procedure: String
  @Option(help: ArgumentHelp("The request.", valueName: "object")) var json = "{}"
  @Option(help: ArgumentHelp("The key file of the node's peer identity.", valueName: "file")) var key: String?
  @Option(help: "Seconds that the call may take.") var timeout = 60
  @OptionGroup var gate: GateOptions

  func validate() throws {
    guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is from 1 to 86400 seconds") }
    guard key != nil || gate.insecureNoStake else {
      throw ValidationError("give --key: the peer asks for the stake of the one who calls")
    }
  }

  func run() async throws {
    guard let called = PublishedProcedures.named(procedure) else {
      throw CommandError(
        "usage.procedure", "\(procedure) is no procedure of a protocol that this program speaks",
        remedy: "See validatord rpc list.")
    }
    guard let peer = target.peerID else {
      throw CommandError(
        "usage.peer", "the address does not say which peer is there", remedy: "Add /p2p/ and the peer's id.")
    }
    let identity = try await P2PFailure.translate { try key.map(PeerKeyFile.read) ?? PrivateKey.generate(.ed25519) }
    try await gate.withPeer(identity: identity, calling: target) { [bootstrap = gate.bootstrap] services, gate in
      _ = try await services.connect(to: target, via: bootstrap)
      try await called.call(json, of: peer, over: services.host, gate: gate, timeout: .seconds(timeout)) { response in
        Report.write(text: response)
      }
    }
  }
}
