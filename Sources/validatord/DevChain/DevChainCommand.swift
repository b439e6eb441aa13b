import ArgumentParser
import DevChain
import Foundation
import Logging
import ServiceLifecycle
import Substrate

struct DevChainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devchain", abstract: "Is a simulated Hypertensor node until it is stopped.",
    discussion: """
      Serves the JSON-RPC of a node on 127.0.0.1, over WebSocket and HTTP, with the rules of the published chain and \
      none of its network. Prints where, once it can be reached. The accounts' keys are public: nothing here has value.
      """)

  @Option(help: "Where to listen; 0 takes any free port.") var port = 9944
  @Option(
    help: ArgumentHelp("Milliseconds between blocks, or instant, or manual.", valueName: "time"),
    transform: { try DevChainCommand.blockTime($0) })
  var blockTime = DevChainConfiguration.BlockTime.every(.seconds(6))
  @Option(help: "Blocks in an epoch, five or more.") var blocksPerEpoch: UInt32 = 20
  @Option(help: "Blocks between the newest and the final one.") var finalityLag: UInt32 = 0
  @Option(help: "What elections are drawn from.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("A saved state to go on from.", valueName: "file")) var state: String?
  @Option(help: ArgumentHelp("Accounts and subnets to begin with, as JSON.", valueName: "file")) var preset: String?
  @Option(help: ArgumentHelp("Where to save the state at the end.", valueName: "file")) var saveOnExit: String?
  @Option(help: "How the address is written: table or json.") var format: OutputFormat = .table

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535") }
    guard blocksPerEpoch >= RuntimeParameters.minimumEpochLength else {
      throw ValidationError("--blocks-per-epoch is \(RuntimeParameters.minimumEpochLength) or more")
    }
    guard state == nil || preset == nil else {
      throw ValidationError("--state and --preset can't go together: a saved state has its own accounts")
    }
  }

  func run() async throws {
    do {
      let server = try await DevChainServer.start(makeConfiguration(), logger: Logger(label: "validatord"))
      report(server)
      try await ServiceGroup(
        services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "validatord")
      ).run()
      if let saveOnExit { try await save(server, to: saveOnExit) }
    } catch let error as any DevChainError {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: Self.status(of: error))
    }
  }

  private func makeConfiguration() throws -> DevChainConfiguration {
    var made = DevChainConfiguration()
    made.port = port
    made.blockTime = blockTime
    made.parameters = RuntimeParameters(epochLength: blocksPerEpoch)
    made.finalityLag = finalityLag
    made.seed = seed
    if let preset { made.genesis = try PresetFile(path: preset).genesis }
    if let state {
      do {
        made.snapshot = [UInt8](try Data(contentsOf: URL(filePath: state)))
      } catch {
        throw CommandError(
          "devchain.snapshot", "\(state) can't be read: \(error.localizedDescription)", remedy: "Check the path.",
          status: .unavailable)
      }
    }
    return made
  }

  private func save(_ server: DevChainServer, to path: String) async throws {
    let bytes = try await server.snapshot()
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandError(
        "devchain.snapshot", "\(path) can't be written: \(error.localizedDescription)", remedy: "Check the path.",
        status: .unavailable)
    }
  }

  private func report(_ server: DevChainServer) {
    switch format {
    case .json:
      let line: JSONValue = [
        "event": "listening", "port": JSONValue(server.port), "ws": .string(server.webSocketURL),
        "http": .string(server.httpURL),
      ]
      Report.write(text: line.description)
    case .table: Report.write(text: server.webSocketURL)
    }
  }

  private static func blockTime(_ text: String) throws -> DevChainConfiguration.BlockTime {
    switch text {
    case "instant": return .instant
    case "manual": return .manual
    default:
      guard let milliseconds = Int64(text), (1...3_600_000).contains(milliseconds) else {
        throw ValidationError("--block-time is a number of milliseconds, instant or manual")
      }
      return .every(.milliseconds(milliseconds))
    }
  }

  private static func status(of error: any DevChainError) -> Failure.Status {
    switch error.code {
    case DevChainFailure.Code.listen.rawValue: .unavailable
    default: .configuration
    }
  }
}
