import Foundation
import Protocols
import Substrate
@_spi(Testing) import Validator

/// A validator's engine in a process of its own, among nodes that are all validators, until it is told or made to end.
enum EngineProcess {
  /// Asks nobody anything but what it is, and believes the best.
  private struct Onlooker: ProbeCaller {
    func ask(
      _ peerID: String, _ probe: Tensor, maximumNewTokens: Int32, deadline: ContinuousClock.Instant
    ) async throws -> ProbeReply {
      ProbeReply(failure: ProbeFailure(.absent, .unreachable))
    }

    func role(of peerID: String, timeout: Duration) async -> NodeRole? { .validator }
  }

  static func run(_ arguments: [String]) async throws {
    let end = arguments.count == 7 ? (arguments[5], arguments[6]) : nil
    let store = try Store.open(arguments[1])
    let journal = SubmissionJournal(store) { arrow, moment in
      if let end, (arrow.rawValue, moment.rawValue) == end { kill(getpid(), SIGKILL) }
    }
    let pool = EndpointPool([try RPCEndpoint(arguments[2])])
    let client = try await ChainClient(pool, metadataCache: MetadataCache(folder: arguments[1] + ".metadata"))
    let subnet = LiveSubnet(client, subnetID: JournalProcess.identity.subnetID)
    let feed = EpochFeed(subnet, ownPeer: arguments[4])
    let key = try KeyFile.load(path: arguments[3]) { _ in "" }
    let engine = ValidatorEngine(
      ValidatorEngine.Parts(
        feed: feed, subnet: subnet, store: store, caller: Onlooker(),
        signer: Signer(key, allowing: HypertensorCall.consensusDuties)), ValidatorEngine.Settings(), journal: journal)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await feed.run() }
      group.addTask { try await engine.run() }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
