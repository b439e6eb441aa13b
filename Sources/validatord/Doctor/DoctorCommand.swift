import ArgumentParser
import Substrate

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Looks at everything that a daemon needs, and says what to do about what is wrong.",
    discussion: """
      Configuration, key files, clock, disk, endpoints, the chain, the node's registration, stake and balance, peers and \
      the worker. Changes nothing, and may run beside the daemon. Ends with 0 if nothing fails, with 1 if something \
      does, with 78 if the configuration can't be used at all.
      """)

  @Option(help: "For which daemon: hoster or validator.") var role: ConfigCheckCommand.Role
  @Option(help: ArgumentHelp("How long one look may take, in seconds.", valueName: "seconds")) var timeout = 30
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table
  @OptionGroup var options: ConfigurationOptions

  func validate() throws {
    guard (1...600).contains(timeout) else { throw ValidationError("--timeout is 1 to 600") }
  }

  func run() async throws {
    let sources = try options.sources
    let common: DaemonConfiguration
    var hoster: HosterSettings?
    switch role {
    case .hoster:
      let read = try DaemonConfiguration.hoster(sources)
      (common, hoster) = (read.common, read.own)
    case .validator: common = try DaemonConfiguration.validator(sources).common
    }
    let examination = Examination(role: role, common: common, hoster: hoster, limit: .seconds(timeout))
    let findings = await examination.run { finding in
      if format == .table { Finding.write([finding]) }
    }
    let worst = findings.map(\.grade).max() ?? .ok
    switch format {
    case .json:
      Report.write(["worst": .string(worst.rawValue), "findings": .array(findings.map(\.json))])
    case .table:
      let counts = Finding.Grade.allCases.compactMap { grade in
        let count = findings.count { $0.grade == grade }
        return count == 0 ? nil : "\(count) \(grade.rawValue)"
      }
      Report.write(text: "\n" + counts.joined(separator: ", "))
    }
    if worst == .failure { throw ExitCode(Failure.Status.failed.rawValue) }
  }
}
