import ArgumentParser
import DevChain
import Foundation
import Protocols

/// What a local network is made of.
struct DevNetOptions: ParsableArguments {
  @Option(help: "Epochs that have to end with consensus.") var epochs: UInt32 = 3
  @Option(help: ArgumentHelp("Milliseconds between blocks.", valueName: "time")) var blockTime: Int64 = 200
  @Option(help: "Blocks in an epoch.") var blocksPerEpoch: UInt32 = 20
  @Option(help: "What elections and the models' weights are drawn from.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Where keys, configuration, databases and logs go; it stays.", valueName: "folder"))
  var directory: String?
  @Option(help: "Transformer blocks of the hosters' model.") var modelLayers = 4
  @Option(help: "Width of the hosters' model.") var modelWidth = 128

  @Option(
    help: ArgumentHelp(
      "A routes file of the API protocol: each hoster and validator serves a copy of its own.", valueName: "file"))
  var apiRoutes: String?

  /// Fewer blocks leave a step of an epoch without a block of its own.
  static let minimumBlocksPerEpoch: UInt32 = 10

  func validate() throws {
    guard (1...10_000).contains(epochs) else { throw ValidationError("--epochs is 1 to 10000") }
    guard (20...60_000).contains(blockTime) else { throw ValidationError("--block-time is 20 to 60000 milliseconds") }
    guard (Self.minimumBlocksPerEpoch...10_000).contains(blocksPerEpoch) else {
      throw ValidationError("--blocks-per-epoch is \(Self.minimumBlocksPerEpoch) to 10000")
    }
    guard (1...48).contains(modelLayers) else { throw ValidationError("--model-layers is 1 to 48") }
    guard (8...2048).contains(modelWidth), modelWidth.isMultiple(of: 4) else {
      throw ValidationError("--model-width is 8 to 2048 and a multiple of 4")
    }
  }

  /// The text of the routes file.
  ///
  /// - Throws: ``CommandError`` for a file that can't be used.
  var routes: String? {
    get throws {
      guard let apiRoutes else { return nil }
      do {
        _ = try RouteTable(contentsOf: apiRoutes)
        return try String(contentsOfFile: apiRoutes, encoding: .utf8)
      } catch let error as RoutesFileError {
        throw CommandError(error.code, error.message, remedy: error.remedy, status: P2PFailure.status(of: error))
      } catch {
        throw CommandError(
          "routes.unreadable", "\(apiRoutes) can't be read: \(error.localizedDescription)", remedy: "Check the path.",
          status: .unavailable)
      }
    }
  }

  var period: Duration { .milliseconds(blockTime) }
}
