import DevChain
import Foundation
import LibP2P
import Logging
import Protocols
import Substrate
import Validator

/// Measures whole epochs of the validator's engine: called, observed, recorded and scored as in the daemon, signed and
/// behind proof of stake, with hosters in this process. Ends with 1 if a promise is broken.
///
///     ValidatorEpochs challenge FOLDER          one epoch against 10, 100 and 1,000 hosters of 32 tokens
///     ValidatorEpochs memory FOLDER [EPOCHS]    100 hosters for 1,000 epochs, with consensus on chain
///     ValidatorEpochs chain EPOCHLENGTH         the chain of `memory`, a process of its own; peer ids on its input
@main
enum ValidatorEpochs {
  static func main() async throws {
    ProcessMemory.keepFreed()
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "challenge" where arguments.count == 2: try await ChallengeLoad(folder: arguments[1]).run()
    case "memory" where arguments.count >= 2:
      let epochs = arguments.count > 2 ? UInt32(arguments[2]) ?? 1000 : 1000
      try await MemoryRun(folder: arguments[1], epochs: epochs).run()
    case "chain" where arguments.count == 2: try await ChainProcess.serve(epochLength: UInt32(arguments[1]) ?? 10)
    default: exit(64)
    }
  }

  static let logger: Logger = {
    var logger = Logger(label: "benchmark")
    logger.logLevel = ProcessInfo.processInfo.environment["ENGINE_LOG"] == nil ? .critical : .debug
    return logger
  }()

  /// What makes a figure worthless.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Waits until something holds.
  static func wait(
    for what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
  ) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
      guard ContinuousClock.now < end else { throw Failure("\(what): not within \(limit)") }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

  /// The word that `scripts/bench` looks for.
  static func verdict(_ isMet: Bool) -> String { isMet ? "met" : "MISSED" }
}
