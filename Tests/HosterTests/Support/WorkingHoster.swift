import Foundation
import LibP2P
import Protocols
import Testing

@testable import Hoster

/// A hoster's node with real workers behind a real control socket, and the node of one who asks it.
struct WorkingHoster {
  let host: P2PHost
  let control: ControlSocket
  let pool: WorkerPool
  let hoster: InferenceHoster
  let recorder: LogRecorder
  private let client: P2PHost
  private let gate: Gate

  /// Runs `body` with a hoster that serves, and ends it.
  static func with(
    _ command: WorkerCommand, workers: Int = 1, isBalanced: Bool = true, policy: WorkerPolicy = quickPolicy,
    maximumNewTokens: Int32 = 5, awaitReady: Bool = true, _ body: (WorkingHoster) async throws -> Void
  ) async throws {
    let folder = try SocketFolder()
    let (host, client) = (try await node(), try await node())
    var socket = ControlConfiguration(path: folder.path + "/control.sock")
    socket.ownPrefix = WorkerInvitation.namespacePrefix
    socket.logger.logLevel = .critical
    let control = ControlSocket(host: host, gate: ClosedControlGate(), configuration: socket)
    try await control.start()
    let recorder = LogRecorder()
    var configuration = WorkerPool.Configuration()
    (configuration.workers, configuration.isBalanced, configuration.policy) = (workers, isBalanced, policy)
    let pool = WorkerPool(
      command, configuration, guardian: .built, control: try #require(control.address).description,
      logger: recorder.logger)
    var settings = InferenceSettings()
    (settings.maximumNewTokens, settings.drainTime) = (maximumNewTokens, .milliseconds(100))
    let stakes = TableStakes()
    for node in [host, client] { stakes.set(node.peerID, to: .validator) }
    let hoster = InferenceHoster(
      host, gate: try gate(host, stakes), backend: WorkerBackend(pool, reachedBy: WorkerLink(control)), workers: pool,
      settings: settings, configuration: .quiet, logger: recorder.logger)
    let running = Task { try await hoster.run() }
    let result: Result<Void, any Error>
    do {
      _ = try await client.connect(to: host.peerID, at: host.listenAddresses)
      if awaitReady { try await hoster.awaitReady(timeout: .seconds(60)) }
      let working = WorkingHoster(
        host: host, control: control, pool: pool, hoster: hoster, recorder: recorder, client: client,
        gate: try gate(client, stakes))
      result = .success(try await body(working))
    } catch {
      result = .failure(error)
    }
    running.cancel()
    _ = await running.result
    await pool.shutdown()
    await control.shutdown()
    for node in [client, host] { await node.shutdown() }
    try result.get()
  }

  /// What a test waits for should come soon.
  static var quickPolicy: WorkerPolicy {
    var policy = WorkerPolicy()
    policy.firstDelay = .milliseconds(20)
    policy.maximumDelay = .milliseconds(200)
    return policy
  }

  /// `Tests/Interop/worker/worker.py`.
  static func python(_ arguments: String...) -> WorkerCommand {
    WorkerCommand(
      program: NumpyOracle.python.path,
      arguments: [NumpyOracle.package.appending(path: "Tests/Interop/worker/worker.py").path] + arguments)
  }

  /// The worker that comes with the program, in the folder of its model.
  static func builtIn(_ model: GoldenModel, arguments: [String] = ["--model", "."]) -> WorkerCommand {
    var command = WorkerCommand(program: WorkerGuardian.built.program, arguments: ["worker", "run"] + arguments)
    command.folder = model.folder.path
    return command
  }

  var stub: Stub<InferenceProtocol> {
    InferenceProtocol.getServerStub(client, host.peerID, gate: gate, configuration: .quiet)
  }

  /// The peer who asks.
  var caller: PeerID { client.peerID }

  /// The other node's streams, for what stubs don't do.
  func open(_ protocolID: String) async throws -> any PeerStream {
    try await client.openStream(to: host.peerID, in: protocolID)
  }

  /// Asks for an answer, and gives the tokens up to its end or the error.
  func ask(_ prompt: [Int32], new: Int32 = 5) async throws -> ([Int32], CallError?) {
    var tokens: [Int32] = []
    do {
      for try await tensor in try await stub.inferenceStream(
        tensor: try Tensor(tokenIDs: prompt), maximumNewTokens: new)
      {
        tokens += try tensor.tokenIDs()
      }
    } catch let error as CallError {
      return (tokens, error)
    }
    return (tokens, nil)
  }

  /// What `worker.py` appends.
  static func sums(_ prompt: [Int32], new: Int) -> [Int32] {
    var tokens = prompt
    for _ in 0..<new { tokens.append(Int32(tokens.reduce(0) { $0 + Int($1) } % 1000)) }
    return Array(tokens.dropFirst(prompt.count))
  }

  private static func node() async throws -> P2PHost {
    var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
    configuration.logger.logLevel = .error
    configuration.timeouts.shutdown = .milliseconds(100)
    configuration.listenAddresses = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let host = try P2PHost(configuration)
    try await host.start()
    return host
  }

  private static func gate(_ host: P2PHost, _ stakes: TableStakes) throws -> Gate {
    Gate(
      stake: stakes,
      authorizer: SignatureAuthorizer(try MessageSigner(host.configuration.identity), memory: ReplayMemory()))
  }
}

/// A folder with a short path, as sockets need, for this user alone.
private final class SocketFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: "h-\(UUID().uuidString.prefix(8))").path

  init() throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
