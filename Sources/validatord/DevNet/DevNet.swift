import DevChain
import Foundation
import Logging
import ServiceLifecycle
import Substrate
import Synchronization
import Validator

/// A whole network on this machine: a simulated chain in this process, and every node as a process of its own.
///
/// The chain stands still until all nodes are ready, so that everybody takes part from the first epoch on.
final class DevNet: Service {
  private let options: DevNetOptions
  private let isKept: Bool
  private let format: OutputFormat
  private let screen: DevNetScreen
  private let logger: Logger
  private let outcome = Mutex<DevNetFindings?>(nil)

  init(_ options: DevNetOptions, isKept: Bool, format: OutputFormat) {
    self.options = options
    self.isKept = isKept
    self.format = format
    screen = DevNetScreen(isKept ? .nothing : DevNetScreen.kind(for: format))
    var logger = Logger(label: "validatord.devnet")
    logger.logLevel = .warning
    self.logger = logger
  }

  /// What the run showed; nil if it was ended before, or was to go on until then.
  var findings: DevNetFindings? { outcome.withLock(\.self) }

  func run() async throws {
    let folder = try DevNetFolder(options.directory)
    do {
      try await cancelWhenGracefulShutdown { try await self.work(folder) }
      if folder.isTemporary, findings?.areAllMet ?? true { folder.remove() } else { tell(folder) }
    } catch  where error is CancellationError || Task.isShuttingDownGracefully {
      // Whatever failed because it was stopped.
      if folder.isTemporary { folder.remove() }
    } catch {
      tell(folder)
      throw error
    }
  }

  private func tell(_ folder: DevNetFolder) {
    FileHandle.standardError.write(Data("keys, databases and logs are in \(folder.path)\n".utf8))
  }

  // MARK: The network

  private func work(_ folder: DevNetFolder) async throws {
    // Before anything is made of a file that is not there.
    _ = try options.routes
    let plan = try DevNetPlan()
    screen.say("making the models and the keys in \(folder.path)")
    try await folder.makeModels(options)
    let chain = try await startChain(plan)
    let nodes = DevNetProcesses()
    let result: Result<Void, any Error>
    do {
      try await work(folder, plan, chain, nodes)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    // Also when this task is cancelled: what was started has to be ended.
    await Task {
      await nodes.stopAll()
      await chain.stop()
    }.value
    try result.get()
  }

  private func startChain(_ plan: DevNetPlan) async throws -> DevChainServer {
    var configuration = DevChainConfiguration()
    configuration.genesis.add(try plan.preset)
    configuration.blockTime = .every(options.period)
    configuration.isPaused = true
    configuration.parameters = RuntimeParameters(epochLength: options.blocksPerEpoch)
    configuration.seed = options.seed
    configuration.name = "Local network"
    do {
      return try await DevChainServer.start(configuration, logger: logger)
    } catch let error as any DevChainError {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: .failed)
    }
  }

  private func work(
    _ folder: DevNetFolder, _ plan: DevNetPlan, _ chain: DevChainServer, _ nodes: DevNetProcesses
  ) async throws {
    try await Connection.with([RPCEndpoint(chain.webSocketURL)], genesisHash: nil) { rpc in
      let client = try await ChainClient(rpc)
      let configuration = try DevNetConfiguration(
        rpc: chain.webSocketURL, genesisHash: client.genesisHash, bootnode: try plan.bootnode.fullAddress, options)
      screen.say("starting \(plan.nodes.count + 1) nodes")
      let ready = try await start(plan, folder, configuration, nodes)
      try await chain.resume()
      screen.say("the chain runs at \(chain.webSocketURL), \(options.blockTime) ms for each block")
      try await failingWith(nodes) {
        if self.isKept {
          let line = try DevNetReadyLine(plan, folder, chain, client.genesisHash, ready, await nodes.ids)
          Report.write(text: line.json.description)
          try await Task.sleep(for: .seconds(365 * 24 * 3600))
        } else {
          try await self.watch(client, plan, folder)
        }
      }
    }
  }

  /// Starts every node, and waits until all are ready.
  ///
  /// - Returns: what each said when it was, by name.
  private func start(
    _ plan: DevNetPlan, _ folder: DevNetFolder, _ configuration: DevNetConfiguration, _ nodes: DevNetProcesses
  ) async throws -> [String: JSONValue] {
    try await folder.write(guest: plan.guest)
    for node in [plan.bootnode] + plan.nodes { try await folder.write(node, configuration) }
    var ready: [String: JSONValue] = [:]
    // The bootnode first: the others connect to it when they start.
    for group in [[plan.bootnode], plan.nodes] {
      for node in group { try await nodes.start(node, folder) }
      for node in group { ready[node.name] = try await nodes.ready(node) }
    }
    for node in plan.nodes where node.role == .silent { await nodes.freeze(node) }
    return ready
  }

  /// Runs `body` until it is done or a node ends, which none should.
  private func failingWith(_ nodes: DevNetProcesses, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await body() }
      for process in await nodes.all {
        group.addTask {
          if let failure = await process.failed() { throw failure }
          try await Task.sleep(for: .seconds(365 * 24 * 3600))
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  // MARK: What it shows

  /// Blocks that validators may take to note the end of an epoch.
  private static let grace: UInt64 = 10

  private func watch(_ client: ChainClient, _ plan: DevNetPlan, _ folder: DevNetFolder) async throws {
    let watcher = DevNetWatcher(client, plan, folder)
    var epochs: [DevNetEpoch] = []
    var settled: UInt64?
    try await watcher.follow { picture in
      self.screen.show(picture, plan)
      epochs = Array(picture.epochs.prefix(Int(self.options.epochs)))
      guard epochs.count == self.options.epochs, epochs.allSatisfy({ $0.settlement != nil }) else { return true }
      // Validators note what the chain has of an epoch once it is over.
      settled = settled ?? picture.block
      return await !watcher.haveNoted(epochs.map(\.epoch)) && picture.block < (settled ?? 0) + Self.grace
    }
    let scored = epochs.map(\.scored)
    var (records, stores): ([DevNetFindings.Record], [(String, Store)]) = ([], [])
    for validator in plan.validators {
      guard let store = await watcher.store(of: validator) else { continue }
      stores.append((validator.name, store))
      records.append(try await DevNetFindings.Record(validator.name, store, scored))
    }
    let findings = DevNetFindings(epochs, records, plan, wanted: options.epochs)
    try await DevNetReport(epochs: epochs, findings: findings, stores: stores, plan: plan).write(format)
    await watcher.close()
    outcome.withLock { $0 = findings }
  }
}
