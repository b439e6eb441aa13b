import Substrate

/// The running nodes of the local network.
actor DevNetProcesses {
  private(set) var all: [DevNetProcess] = []

  func start(_ node: DevNetNode, _ folder: DevNetFolder) throws {
    let arguments: [String]
    switch node.role {
    case .bootnode:
      arguments = ["p2p", "listen", "--key", "peer.key", "--address", node.address.description, "--format", "json"]
    case .validator: arguments = ["validator", "--config", "config.yaml"]
    case .hoster, .liar, .silent: arguments = ["hoster", "--config", "config.yaml"]
    }
    all.append(
      try DevNetProcess(node.name, arguments, folder: folder.folder(of: node), log: folder.log(of: node)))
  }

  /// What a node says when it is ready.
  func ready(_ node: DevNetNode) async throws -> JSONValue? { try await process(of: node)?.ready() }

  func process(of node: DevNetNode) -> DevNetProcess? { all.first { $0.name == node.name } }

  /// Process ids by name.
  var ids: [String: Int32] {
    Dictionary(all.compactMap { process in process.id.map { (process.name, $0) } }) { first, _ in first }
  }

  /// Stops a node where it is.
  func freeze(_ node: DevNetNode) { process(of: node)?.freeze() }

  /// Ends all nodes, each in its own time.
  func stopAll() async {
    await withTaskGroup(of: Void.self) { group in
      for process in all { group.addTask { await process.stop() } }
    }
  }
}
