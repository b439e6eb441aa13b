import ArgumentParser
import Foundation
import Substrate
import Validator

struct ProtectionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "protection", abstract: "Moves the protection against signing twice between machines.",
    subcommands: [
      ProtectionShowCommand.self, ProtectionExportCommand.self, ProtectionImportCommand.self,
      ProtectionReleaseCommand.self,
    ])
}

struct ProtectionShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows the epochs that are closed to new signatures, and what holds signing up.")

  @OptionGroup var location: StoreLocation

  func run() async throws {
    let (bounds, holds) = try await location.reading { store in
      let journal = SubmissionJournal(store)
      return (try await journal.bounds(), try await journal.holds())
    }
    Report.write(
      headings: ["SUBNET", "NODE", "DUTY", "CLOSED UP TO EPOCH", "CHAIN"],
      rows: bounds.entries.map { entry in
        [
          "\(entry.subnet.subnetID)", "\(entry.nodeID)", entry.duty.rawValue, "\(entry.epoch)",
          entry.subnet.genesisHash.description,
        ]
      }, right: [0, 1, 3])
    for hold in holds { Report.write(text: "on hold (\(hold.kind.rawValue)): \(hold.detail)") }
  }
}

struct ProtectionExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes the protection as JSON to standard output, for another machine.",
    discussion: "Stop the validator first and never start it again with this key.")

  @OptionGroup var location: StoreLocation

  func run() async throws {
    let bounds = try await location.reading { try await SubmissionJournal($0).bounds() }
    Report.write(bounds.json)
  }
}

struct ProtectionImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Takes in the protection of another machine; the stricter of both is kept.")

  @OptionGroup var location: StoreLocation
  @Argument(help: ArgumentHelp("The exported file.", valueName: "file")) var file: String

  func run() async throws {
    guard let handle = FileHandle(forReadingAtPath: file),
      let data = try? handle.read(upToCount: ProtectionBounds.maximumFileSize + 1)
    else {
      throw CommandError("protection.unreadable", "\(file) can't be read", status: .unavailable)
    }
    let bounds = try await ValidatorFailure.translate { try ProtectionBounds(file: Array(data)) }
    // A new machine has no database yet; making one is what the import is for.
    try await ValidatorFailure.translate {
      let lock = try InstanceLock(database: location.path)
      defer { lock.unlock() }
      let store = try Store.open(location.path)
      defer { try? store.close() }
      try await SubmissionJournal(store).raise(bounds)
    }
    Report.write(text: "took in \(bounds.entries.count) bounds")
  }
}

struct ProtectionReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Lets the validator sign again after another signer with its hotkey was seen.",
    discussion: "Make sure first that no other validator with this hotkey runs, or can start again.")

  @OptionGroup var location: StoreLocation
  @Flag(help: "Confirms that every other signer is stopped for good.") var otherSignerIsStopped = false

  func run() async throws {
    guard otherSignerIsStopped else {
      throw CommandError(
        "usage.release", "nothing is released without --other-signer-is-stopped",
        remedy: "Stop every other validator with this hotkey first.")
    }
    try await location.writing { store in
      try await SubmissionJournal(store).releaseDoppelganger()
    }
    Report.write(text: "released")
  }
}
