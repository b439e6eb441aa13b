import LibP2P
import NIOCore
import Substrate

/// The peers that the node begins with, and the port on which others reach it.
struct PeerExamination: Sendable {
  private let node: NodeSettings
  private let role: ConfigCheckCommand.Role

  init(_ node: NodeSettings, role: ConfigCheckCommand.Role) {
    self.node = node
    self.role = role
  }

  func findings() async -> [Finding] {
    var findings = [scope]
    guard !node.bootstrap.isEmpty else {
      return findings + [
        Finding(
          "bootstrap", .warning, "no peer is named",
          remedy: "Set p2p.bootstrap; without it the node knows only the peers whose addresses stand on chain.")
      ]
    }
    // A key of its own: two nodes with one identity would push each other out.
    do {
      let options = try P2POptions.parse([])
      findings += try await options.withPeer { services in
        await withTaskGroup(of: Finding.self) { group in
          for address in node.bootstrap { group.addTask { await Self.reach(address, services) } }
          return await group.reduce(into: []) { $0.append($1) }.sorted { $0.text < $1.text }
        }
      }
    } catch {
      findings.append(Finding("bootstrap", failed: error))
    }
    return findings
  }

  private static func reach(_ address: Multiaddr, _ services: PeerServices) async -> Finding {
    do {
      let start = ContinuousClock.now
      let connection = try await services.connect(to: PeerTarget(address.description), via: [])
      let identity = try await services.identify.identify(connection)
      let milliseconds = P2PPingCommand.milliseconds(ContinuousClock.now - start)
      return Finding("bootstrap", .ok, "\(address): \(identity.agentVersion), \(Int(milliseconds)) ms")
    } catch let error as any LibP2PError {
      return Finding(
        "bootstrap", .failure, "\(address): \(error.message)",
        remedy: "Check the address and the firewall: `validatord p2p ping \(address)`.")
    } catch {
      return Finding("bootstrap", failed: error)
    }
  }

  /// Whether anybody else could reach the node at all.
  private var scope: Finding {
    let addresses = node.listen.map(\.description).joined(separator: ", ")
    guard node.listen.contains(where: { $0.scope != .loopback }) else {
      return Finding(
        "listen", .warning, "\(addresses): only this machine reaches it",
        remedy: "Set p2p.listen, unless that is meant.")
    }
    return Finding("listen", .ok, addresses)
  }
}
