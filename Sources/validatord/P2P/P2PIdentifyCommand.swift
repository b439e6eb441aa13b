import ArgumentParser
import LibP2P
import Substrate

struct P2PIdentifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identify", abstract: "Asks a peer who it is and what it speaks.")

  @Argument(
    help: ArgumentHelp("Where the peer is, or its id.", valueName: PeerTarget.valueName),
    transform: { try PeerTarget($0) })
  var target: PeerTarget
  @Option(
    help: ArgumentHelp("A peer to begin the look-up of an id at; may be given several times.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var bootstrap: [Multiaddr] = []
  @OptionGroup var options: P2POptions

  func run() async throws {
    try await options.withPeer { services in
      let connection = try await services.connect(to: target, via: bootstrap)
      let identity = try await services.identify.identify(connection)
      let key = identity.publicKey ?? connection.peer.publicKey
      switch options.format {
      case .json:
        Report.write([
          "peer": .string(connection.peer.description), "security": .string(connection.security),
          "key": key.map { .string($0.type.name) } ?? .null,
          "agent": .string(identity.agentVersion), "protocolVersion": .string(identity.protocolVersion),
          "addresses": .array(identity.addresses.map { .string($0.description) }),
          "observed": identity.observedAddress.map { .string($0.description) } ?? .null,
          "protocols": .array(identity.protocols.map { .string($0) }),
        ])
      case .table:
        // What a peer says of itself is shown escaped: a terminal must not obey it.
        Report.write(
          rows: [
            ("peer", connection.peer.description), ("security", connection.security),
            ("key", key?.type.name ?? "–"), ("agent", Self.shown(identity.agentVersion)),
            ("protocol version", Self.shown(identity.protocolVersion)),
            ("sees us at", identity.observedAddress?.description ?? "–"),
          ] + identity.addresses.map { ("address", $0.description) }
            + identity.protocols.map { ("speaks", Self.shown($0)) })
      }
    }
  }

  private static func shown(_ text: String) -> String {
    text.isEmpty ? "–" : text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }
}
