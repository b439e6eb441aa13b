import Foundation
import Hoster
import LibP2P
import Substrate

/// The files of a local network: a folder for each node with its keys and configuration, the models, the logs.
struct DevNetFolder: Sendable {
  let path: String
  /// Whether it was made for this run alone, and goes with it.
  let isTemporary: Bool

  /// - Parameter directory: a folder that is empty or not there yet; nil for a temporary one.
  /// - Throws: ``CommandError`` `devnet.directory`.
  init(_ directory: String?) throws {
    if let directory {
      path = URL(filePath: directory).standardizedFileURL.path
      isTemporary = false
      let content = try? FileManager.default.contentsOfDirectory(atPath: path)
      guard content?.isEmpty ?? true else {
        throw CommandError(
          "devnet.directory", "\(path) is not empty",
          remedy: "Name a new folder: a network never takes over another's.",
          status: .configuration)
      }
    } else {
      path = FileManager.default.temporaryDirectory.appending(path: "devnet-\(UUID().uuidString.prefix(8))").path
      isTemporary = true
    }
    try make(path)
  }

  /// The whole folder of a node.
  func folder(of node: DevNetNode) -> String { "\(path)/\(node.name)" }
  /// The peer key with which others call the network's nodes.
  var guestKey: String { "\(path)/guest.key" }
  func configuration(of node: DevNetNode) -> String { "\(folder(of: node))/config.yaml" }
  func peerKey(of node: DevNetNode) -> String { "\(folder(of: node))/peer.key" }
  func hotkey(of node: DevNetNode) -> String { "\(folder(of: node))/hot.key" }
  func coldkey(of node: DevNetNode) -> String { "\(folder(of: node))/cold.key" }
  func routes(of node: DevNetNode) -> String { "\(folder(of: node))/routes.json" }
  func database(of node: DevNetNode) -> String { "\(folder(of: node))/data/node.sqlite" }
  func log(of node: DevNetNode) -> String { "\(path)/\(node.name).log" }
  private func model(of role: DevNetNode.Role) -> String { "\(path)/models/\(role == .liar ? "other" : "reference")" }

  /// Makes the models, which differ in the seed of their weights.
  func makeModels(_ options: DevNetOptions) async throws {
    try make("\(path)/models")
    try await HosterFailure.translate {
      let shape = try GPT2Configuration(
        layers: options.modelLayers, heads: 4, width: options.modelWidth, vocabulary: DevNetConfiguration.vocabulary,
        context: 256)
      try GPT2.make(shape, seed: options.seed, in: model(of: .hoster))
      try GPT2.make(shape, seed: options.seed &+ 1, in: model(of: .liar))
    }
  }

  /// Writes the key for those who call from beside the network.
  func write(guest: PrivateKey) async throws {
    try await P2PFailure.translate { try PeerKeyFile.write(guest, to: guestKey, dialect: .mesh) }
  }

  /// Writes what a node needs to start.
  func write(_ node: DevNetNode, _ configuration: DevNetConfiguration) async throws {
    try make(folder(of: node))
    try await P2PFailure.translate { try PeerKeyFile.write(node.peerKey, to: peerKey(of: node), dialect: .mesh) }
    if let hotkey = node.hotkey { _ = try KeyFile.write(hotkey, to: self.hotkey(of: node), passphrase: nil) }
    if let coldkey = node.coldkey { _ = try KeyFile.write(coldkey, to: self.coldkey(of: node), passphrase: nil) }
    guard node.role != .bootnode else { return }
    try make("\(folder(of: node))/data")
    if let routes = configuration.routes { try write(routes, to: self.routes(of: node)) }
    let text = try configuration.text(for: node, model: model(of: node.role))
    try write(text, to: self.configuration(of: node))
  }

  private func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(filePath: path))
    } catch {
      throw unwritable(path, error)
    }
  }

  private func make(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw unwritable(folder, error)
    }
  }

  private func unwritable(_ path: String, _ error: any Error) -> CommandError {
    CommandError(
      "devnet.directory", "\(path) can't be written: \(error.localizedDescription)",
      remedy: "Name another --directory.", status: .unavailable)
  }

  /// Removes everything.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
