import LibP2P
import Substrate

/// All looks at one node, in the order in which one rests on another.
struct Examination: Sendable {
  let role: ConfigCheckCommand.Role
  let common: DaemonConfiguration
  /// Nil for a validator.
  let hoster: HosterSettings?
  /// How long one look may take.
  let limit: Duration

  /// Looks at everything.
  ///
  /// - Parameter tell: gets each finding as soon as it is there.
  /// - Returns: all of them.
  func run(_ tell: (Finding) -> Void) async -> [Finding] {
    var findings: [Finding] = []
    func add(_ found: [Finding]) {
      findings += found
      for finding in found { tell(finding) }
    }
    add([Finding("configuration", .ok, "every key has a value that can be used")])
    let keys = KeyExamination(common.node)
    add(keys.findings)
    add(DiskExamination(common.node, needsDatabase: role == .validator).findings)
    let endpoints = EndpointExamination(common.chain)
    add(await look("endpoint") { await endpoints.findings() })
    add(
      await look("chain") {
        await ChainExamination(chain: common.chain, role: role, peer: keys.peerID, hotkey: keys.hotkey).findings()
      })
    add(
      await look("peers") { await PeerExamination(common.node, role: role).findings() })
    if let hoster {
      add(await look("worker") { await WorkerExamination(hoster, epoch: common.epoch).findings() })
    }
    return findings
  }

  /// Runs one look, no longer than ``limit``.
  private func look(_ name: String, _ body: @escaping @Sendable () async -> [Finding]) async -> [Finding] {
    await withTaskGroup(of: [Finding]?.self) { group in
      group.addTask { await body() }
      group.addTask { [limit] in
        try? await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      let first = await group.next() ?? nil
      return first ?? [
        Finding(name, .failure, "took longer than \(limit.components.seconds) s", remedy: "Try again with --timeout.")
      ]
    }
  }
}
