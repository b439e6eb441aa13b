import Foundation
import LibP2P
import NIOCore
import Protocols
import Substrate
import Synchronization
import Validator

/// What the engine's process holds after many epochs among 100 hosters. Two more validators are played, so that there is
/// consensus; the hosters stand in the same process, so the figure is more than the engine's own.
///
/// Flat means that nothing stays of an epoch that is over. The resident size tells it coarsely: most of it are pages of the
/// program's file, and the rest grows for a hundred epochs by what malloc keeps for later. What malloc has handed out tells
/// it to the kilobyte, but not while epochs run at hundreds of times their pace: timers of calls that are long answered
/// stand in it, thousands of them, and make it swing by two megabytes. So epochs stop five times, until it falls no more,
/// and both are read then: from the second rest on, since the database's caches fill before. A leak of ten kilobytes an
/// epoch makes six megabytes between epochs 400 and 1,000.
struct MemoryRun {
  let folder: String
  let epochs: UInt32
  private static let hosters = 100
  private static let length: UInt64 = 10
  /// Megabytes that may be resident, at any rest.
  private static let size = 100.0
  /// Megabytes by which that may grow from the second rest to the last.
  private static let residentGrowth = 10.0
  /// Kilobytes of malloc's that may come with each epoch.
  private static let growth = 4.0
  private static let rests: UInt32 = 5

  func run() async throws {
    // What is kept for a while is kept for as long as on a chain with blocks of 6 seconds, not for hundreds of epochs.
    let passed = Mutex(NIODeadline.uptimeNanoseconds(0))
    let hosters = try Hosters(Self.hosters, validators: ChainProcess.validators) { passed.withLock(\.self) }
    let chain = try ChainProcess(epochLength: UInt32(Self.length), peers: hosters.peers)
    defer { chain.stop() }
    let pool = EndpointPool([try RPCEndpoint(chain.url)])
    let subnet = LiveSubnet(
      try await ChainClient(pool, logger: ValidatorEpochs.logger), subnetID: ChainProcess.subnetID)
    let store = try Store.open("\(folder)/memory.sqlite")
    let feed = EpochFeed(subnet, ownPeer: hosters.peers[0].description, logger: ValidatorEpochs.logger)
    let calling = hosters.caller
    let signer = Signer(try ChainProcess.hotkey(1), allowing: HypertensorCall.consensusDuties)
    let engine = ValidatorEngine(
      ValidatorEngine.Parts(
        feed: feed, subnet: subnet, store: store, caller: StubProbeCaller { calling.stub(of: try PeerID($0)) },
        signer: signer), ValidatorEngine.Settings(), logger: ValidatorEpochs.logger)
    let running = [Task { try await feed.run() }, Task { try await engine.run() }]
    var played = try await PlayedEpochs(feed: feed, engine: engine, url: chain.url, nodes: hosters.peers.count)
    var figures: [(epoch: UInt32, figures: MemoryFigures)] = []
    for epoch in 1...epochs {
      try await played.live(epoch)
      passed.withLock { $0 = $0 + .seconds(6 * Int64(Self.length)) }
      let isRest = epoch.isMultiple(of: max(1, epochs / Self.rests))
      guard isRest || epoch == 10 || epoch == 100 else { continue }
      let now = try await isRest ? MemoryFigures.atRest() : MemoryFigures.now()
      if isRest { figures.append((epoch, now)) }
      print(
        String(
          format:
            "%4d epochs: resident %5.1f MB (own %5.1f, files %5.1f), allocated %6.2f MB\(isRest ? " at rest" : "")",
          epoch, now.resident, now.anonymous, now.mapped, now.allocated))
    }
    for task in running { task.cancel() }
    for task in running { _ = await task.result }
    let agreed = played.agreed
    await played.close()
    try store.close()
    await pool.shutdown()
    guard let first = figures.dropFirst().first, let last = figures.last, last.epoch > first.epoch else { exit(64) }
    let most = figures.map { $0.figures.resident }.max() ?? .infinity
    let resident = last.figures.resident - first.figures.resident
    let growth = (last.figures.allocated - first.figures.allocated) * 1024 / Double(last.epoch - first.epoch)
    let isMet = [
      tell("epochs with consensus: \(agreed) of \(epochs), promised all but 5", agreed + 5 >= epochs),
      tell(String(format: "resident at rest: %.1f MB at most, promised %.0f", most, Self.size), most <= Self.size),
      tell(
        String(format: "growth of it since the second rest: %.1f MB, promised %.0f", resident, Self.residentGrowth),
        resident <= Self.residentGrowth),
      tell(
        String(format: "growth of what is allocated: %.2f KB an epoch, promised %.0f", growth, Self.growth),
        growth <= Self.growth),
    ]
    guard !isMet.contains(false) else { exit(1) }
  }

  private func tell(_ figure: String, _ isMet: Bool) -> Bool {
    print("\(figure): \(ValidatorEpochs.verdict(isMet))")
    return isMet
  }
}
