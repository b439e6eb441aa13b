import Foundation
import Hoster
import LibP2P
import Protocols
import Substrate
import Testing

@testable import validatord

/// What a daemon finds that is a node of the subnet.
extension EngineSubnet {
  /// Lets nodes be reached on loopback; each says that it is a validator.
  func listen(_ ids: ClosedRange<UInt32>) async throws -> [P2PHost] {
    var hosts: [P2PHost] = []
    for id in ids {
      var configuration = HostConfiguration(identity: try #require(signing?.identity(id)))
      configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
      configuration.logger = Self.silent
      configuration.timeouts.shutdown = .milliseconds(100)
      let host = try P2PHost(configuration)
      try await host.start()
      try serve(InferenceService(nil), on: host, of: id)
      hosts.append(host)
    }
    return hosts
  }

  /// Configures the daemon of a node as an operator does: it always listens at the same ports, and keeps its data.
  ///
  /// - Parameter hosts: the peers that it connects with.
  func daemon(_ id: UInt32, knowing hosts: [P2PHost]) throws -> NodeDaemon {
    let bootstrap = try hosts.flatMap { host in try host.listenAddresses.map { try $0.withPeer(host.peerID) } }
    let ports = try FreePorts.find(2)
    try PeerKeyFile.write(try #require(signing?.identity(id)), to: folder.file("peer.key"), dialect: .mesh)
    _ = try KeyFile.write(try hotkey(id), to: folder.file("hotkey"), passphrase: nil)
    let yaml = """
      chain: {rpc: ["\(chain.webSocketURL)"], subnet: \(Self.subnetID)}
      node: {peer-key: peer.key, hotkey: hotkey, data: data}
      p2p:
        listen: [/ip4/127.0.0.1/tcp/\(ports[0])]
        bootstrap: [\(bootstrap.map { "\"\($0)\"" }.joined(separator: ", "))]
      operations: {listen: "127.0.0.1:\(ports[1])"}
      """
    let daemon = NodeDaemon(
      configuration: folder.file("validator.yaml"), database: folder.file("data/node.sqlite"),
      log: folder.file("validator.log"))
    try Data(yaml.utf8).write(to: URL(filePath: daemon.configuration))
    return daemon
  }
}
