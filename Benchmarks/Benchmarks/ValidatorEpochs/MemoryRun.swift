import Foundation
import LibP2P
import Protocols
import Substrate
import Validator

/// What the engine's process holds after many epochs among 100 hosters. Two more validators are played, so that there is
/// consensus; the hosters stand in the same process, so the figure is more than the engine's own.
struct MemoryRun {
  let folder: String
  let epochs: UInt32
  private static let hosters = 100
  private static let length: UInt64 = 10
  private static let promise = 100.0
  /// How much more memory late epochs may need than the hundredth, in megabytes: what is cached, and mapped of files,
  /// fills up in the beginning.
  private static let growth = 10.0

  func run() async throws {
    let hosters = try Hosters(Self.hosters, validators: ChainProcess.validators)
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
    var figures: [UInt32: Double] = [:]
    for epoch in 1...epochs {
      try await played.live(epoch)
      guard [10, 100, 500, 1000].contains(epoch) || epoch == epochs else { continue }
      let size = try Self.residentMegabytes()
      figures[epoch] = size
      print(String(format: "resident after %4d epochs among \(Self.hosters) hosters       %8.1f MB", epoch, size))
    }
    for task in running { task.cancel() }
    for task in running { _ = await task.result }
    let agreed = played.agreed
    await played.close()
    try store.close()
    await pool.shutdown()
    print("epochs with consensus                           \(agreed) of \(epochs)")
    guard let early = figures[min(100, epochs)], let late = figures[epochs] else { exit(70) }
    let isMet = late <= Self.promise && late - early <= Self.growth && agreed + 5 >= epochs
    print("promised \(Int(Self.promise)) MB, and flat: \(isMet ? "met" : "MISSED")")
    guard isMet else { exit(1) }
  }

  private static func residentMegabytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { throw ValidatorEpochs.Failure("the system does not tell the resident memory") }
    return kilobytes / 1024
  }
}
