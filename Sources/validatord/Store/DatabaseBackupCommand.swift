import ArgumentParser
import Foundation
import Substrate
import Validator

struct DatabaseBackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copies the database while the daemon goes on.",
    discussion: """
      The copy is whole and checked before it gets its name. A backup does not know what is signed after it was made: \
      after a restore, the validator signs nothing before the next epoch.
      """)

  @OptionGroup var location: StoreLocation
  @Argument(help: ArgumentHelp("The new file; nothing is overwritten.", valueName: "file")) var target: String

  func run() async throws {
    try await location.reading { store in try await store.backup(to: target) }
    Report.write(text: "backed up to \(target)")
  }
}

struct DatabaseRestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Puts a backup in the place of the database, while the daemon is stopped.",
    discussion: """
      What was there stays beside it as ….replaced, and its protection against signing twice is carried over as far \
      as it can be read. Signing stays on hold until the daemon has seen the chain.
      """)

  @OptionGroup var location: StoreLocation
  @Option(name: .customLong("from"), help: ArgumentHelp("The backup.", valueName: "file")) var backup: String

  func run() async throws {
    let isCarried = try await ValidatorFailure.translate { try await Store.restore(backup, to: location.path) }
    Report.write(text: "restored \(location.path) from \(backup); signing is on hold until the next epoch")
    Report.write(
      text: isCarried
        ? "the protection of the replaced database was carried over"
        : "there was no protection to carry over; import that of another machine before you start, if there is one")
  }
}

struct DatabaseCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Looks through the whole database for damage.",
    discussion: "Ends with 1 if anything is wrong.")

  @OptionGroup var location: StoreLocation
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let check = try await location.reading { try await $0.check() }
    switch format {
    case .json:
      Report.write([
        "sound": .bool(check.isSound), "faults": .array(check.faults.map { .string($0) }),
        "size": JSONValue(check.size),
        "free": JSONValue(check.free),
      ])
    case .table:
      Report.write(rows: [
        ("state", check.isSound ? "sound" : "damaged"), ("size", "\(check.size) bytes"),
        ("of it free", "\(check.free) bytes"),
      ])
      for fault in check.faults { Report.write(text: fault) }
    }
    guard check.isSound else {
      throw CommandError(
        "store.damaged", "\(location.path) is damaged",
        remedy: "Stop the validator and run `validatord db restore` with the newest backup.", status: .failed)
    }
  }
}

struct DatabasePruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Sums up and removes what is old, while the daemon is stopped.",
    discussion: "The daemon does the same by itself once in an epoch; this gives the room back to the file system, too."
  )

  @OptionGroup var location: StoreLocation
  @Option(help: ArgumentHelp("Epochs whose observations are kept.", valueName: "epochs")) var evidence: UInt32?
  @Option(help: ArgumentHelp("Epochs whose scores are kept.", valueName: "epochs")) var summaries: UInt32?
  @Flag(help: "Leave free pages in the file.") var noCompact = false

  func run() async throws {
    var retention = Retention()
    if let evidence { retention.evidenceEpochs = evidence }
    if let summaries { retention.summaryEpochs = summaries }
    guard retention.evidenceEpochs <= retention.summaryEpochs else {
      throw CommandError("usage.retention", "scores have to be kept at least as long as observations")
    }
    let pruning = try await location.writing { store in
      let pruning = try await store.prune(retention, at: store.latestEpoch() ?? 0)
      if !noCompact { try await store.compact() }
      return pruning
    }
    Report.write(rows: [
      ("epochs summed up", "\(pruning.rolledUp)"), ("epochs removed", "\(pruning.removed)"),
      ("duties removed", "\(pruning.duties)"),
    ])
  }
}

struct DatabaseMigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Brings the database up to date, while the daemon is stopped.",
    discussion: "The daemon does it by itself when it starts.")

  @OptionGroup var location: StoreLocation
  @Flag(help: "Only say which migrations there are; changes nothing.") var status = false
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    if !status { try await location.writing { _ in } }
    let migrations = try await ValidatorFailure.translate { try Store.migrationStatus(location.path) }
    let steps = migrations.applied + migrations.pending
    switch format {
    case .json:
      Report.write(
        .array(
          steps.map { step in
            [
              "number": JSONValue(step.number), "name": .string(step.name), "checksum": .string(step.checksum),
              "appliedMs": step.appliedAt.map { JSONValue($0) } ?? .null,
            ]
          }))
    case .table:
      Report.write(
        headings: ["NUMBER", "NAME", "APPLIED", "CHECKSUM"],
        rows: steps.map { step in
          ["\(step.number)", step.name, step.appliedAt.map(Self.date) ?? "pending", String(step.checksum.prefix(16))]
        }, right: [0])
    }
  }

  private static func date(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
  }
}
