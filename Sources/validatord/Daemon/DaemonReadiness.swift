import ServiceLifecycle
import Substrate

/// Says in one line of JSON on standard output that the daemon is reached, and where; then waits for its end.
struct DaemonReadiness: Service {
  let node: DaemonNode
  let operations: OperationsServer

  func run() async throws {
    do {
      let url = try await operations.url()
      let host = node.peers.services.host
      let line: JSONValue = [
        "event": "ready", "role": .string(node.role.rawValue), "peer": .string(host.peerID.description),
        "addresses": .array(try host.listenAddresses.map { .string(try $0.withPeer(host.peerID).description) }),
        "operations": .string(url), "control": .string(node.controlAddress),
      ]
      Report.write(text: line.description)
      node.logger.notice(
        "ready", metadata: ["role": "\(node.role.rawValue)", "peer": "\(host.peerID)", "operations": "\(url)"])
    } catch is CancellationError {
      return
    }
    try? await gracefulShutdown()
    DaemonShutdown.begin(node.logger)
  }
}
