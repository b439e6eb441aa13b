import ArgumentParser
import Foundation
import Hoster
import Logging

struct WorkerRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Computes with the built-in model for the node that started this process.")

  @Option(help: ArgumentHelp("The folder with config.json and model.safetensors.", valueName: "folder"))
  var model: String
  @Option(help: "How many threads compute; as the node says unless given.") var threads: Int?

  func validate() throws {
    guard threads.map({ (1...ModelRunCommand.maximumThreads).contains($0) }) ?? true else {
      throw ValidationError("--threads is from 1 to \(ModelRunCommand.maximumThreads)")
    }
  }

  func run() async throws {
    let told = ProcessInfo.processInfo.environment[WorkerInvitation.threadsVariable].flatMap { Int($0) }
    let threads = threads ?? told ?? 1
    // Standard error is what the node takes into its log.
    let logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
    try await P2PFailure.translate {
      try await HosterFailure.translate { [model] in
        try await InferenceWorker.run(logger: logger) {
          GPT2Backend(try GPT2(folder: model), threads: threads)
        }
      }
    }
  }
}
