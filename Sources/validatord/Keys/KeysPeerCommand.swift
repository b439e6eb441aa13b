import ArgumentParser
import LibP2P
import Substrate

struct KeysPeerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer", abstract: "Makes and reads the keys behind peer ids.",
    subcommands: [KeysPeerGenerateCommand.self, KeysPeerInspectCommand.self])
}

/// A kind of peer key, as it is typed.
enum PeerKeyKind: String, ExpressibleByArgument, CaseIterable {
  case ed25519, secp256k1, rsa

  var type: KeyType {
    switch self {
    case .ed25519: .ed25519
    case .secp256k1: .secp256k1
    case .rsa: .rsa
    }
  }
}

/// Whose nodes load a key file.
enum PeerStack: String, ExpressibleByArgument, CaseIterable {
  case mesh, subnet

  var dialect: PrivateKey.Dialect { self == .mesh ? .mesh : .subnet }
}

struct KeysPeerGenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Makes a new peer key.",
    discussion: """
      The file is not encrypted, like those of the Python nodes: its mode, 0600, is its protection. The two Python \
      stacks write Ed25519 keys differently and read only their own form; --for chooses it. This program reads both.
      """)

  @Option(help: ArgumentHelp("The key file to make; an existing one is never overwritten.", valueName: "file"))
  var out: String
  @Option(help: "The kind of key.") var type: PeerKeyKind = .ed25519
  @Option(help: "The size of an RSA key, 2048 to 8192.") var bits = 2048
  @Option(
    name: .customLong("for"), help: "Whose nodes shall load the file: go-libp2p's (mesh) or py-libp2p's (subnet).")
  var stack: PeerStack = .mesh
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let key = try await P2PFailure.translate {
      let key = try PrivateKey.generate(type.type, rsaBits: bits)
      try PeerKeyFile.write(key, to: out, dialect: stack.dialect)
      return key
    }
    PeerKeyReport(file: out, key: key).write(format)
  }
}

struct KeysPeerInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Says whose key a peer key file holds; the key itself is not shown.")

  @Argument(help: "The key file.") var file: String
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let key = try await P2PFailure.translate { try PeerKeyFile.read(file) }
    PeerKeyReport(file: file, key: key).write(format)
  }
}

/// What may be told of a peer key.
private struct PeerKeyReport {
  let file: String
  let key: PrivateKey

  func write(_ format: OutputFormat) {
    let openSSH = key.publicKey.openSSH
    switch format {
    case .json:
      Report.write([
        "file": .string(file), "type": .string(key.publicKey.type.name), "peer": .string(key.peerID.description),
        "cid": .string(key.peerID.cid), "openssh": openSSH.map { .string($0) } ?? .null,
      ])
    case .table:
      Report.write(
        rows: [
          ("peer id", key.peerID.description), ("cid", key.peerID.cid), ("type", key.publicKey.type.name),
          ("file", file),
        ] + (openSSH.map { [("openssh", $0)] } ?? []))
    }
  }
}
