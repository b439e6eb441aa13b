import Foundation
import Logging
import Protocols
@_spi(Testing) import Validator

/// The calls of an epoch in a process of its own: everybody answers at once, but one that never does.
enum ChallengeProcess {
  private struct Hosters: ProbeCaller {
    let silent: String

    func ask(
      _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
    ) async throws -> ProbeReply {
      if peerID == silent { try await Task.sleep(for: .seconds(3600)) }
      return ProbeReply(tensors: [try Tensor([7, 8] as [Int64])], tokenCount: 2)
    }

    func role(of peerID: String, timeout: Duration) async -> NodeRole? { .hoster }
  }

  static func run(_ arguments: [String]) async throws {
    guard let epoch = UInt32(arguments[2]) else { exit(64) }
    let store = try Store.open(arguments[1])
    var settings = ChallengeSettings()
    settings.callTimeout = .seconds(3600)
    let challenge = Challenge(
      epoch: epoch, settings: settings, caller: Hosters(silent: arguments[3]), store: store,
      logger: Logger(label: "challenge")
    ) { 42 }
    try await challenge.run(try await store.nodes(epoch), try await store.probes(epoch))
    print("over")
  }
}
