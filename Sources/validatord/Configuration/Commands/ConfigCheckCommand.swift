import ArgumentParser
import Foundation
import LibP2P
import Protocols
import Substrate

struct ConfigCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says everything that is wrong with the configuration and the files it names.",
    discussion: """
      Without --role, keys of a role are checked if any of them is given. Nothing is connected with; `validatord doctor` \
      does that. Ends with 78 if something is wrong.
      """)

  enum Role: String, ExpressibleByArgument, CaseIterable {
    case hoster, validator
  }

  @Option(help: "For which daemon: hoster or validator.") var role: Role?
  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let sources = try options.sources
    var reader = SettingsReader(sources)
    func isFor(_ wanted: Role, _ scope: NodeRoleScope) -> Bool {
      if let role { return role == wanted }
      return Settings.all.contains { $0.role == scope && reader.isGiven($0) }
    }
    let (isHoster, isValidator) = (isFor(.hoster, .hoster), isFor(.validator, .validator))
    let common = DaemonConfiguration(&reader, needsHotkey: isValidator)
    let hoster = isHoster ? HosterSettings(&reader, epoch: common?.epoch) : nil
    let validator = isValidator ? ValidatorSettings(&reader) : nil
    var problems = reader.problems
    if let node = common?.node { problems += Self.problems(of: node, sources) }
    if let routes = common?.api.routes { problems += Self.problems(ofRoutes: routes, sources) }
    if let hoster { problems += Self.problems(of: hoster, epoch: common?.epoch, sources) }
    guard problems.isEmpty else { throw CommandError.configuration(problems) }
    let roles = (hoster == nil ? [] : ["hoster"]) + (validator == nil ? [] : ["validator"])
    Report.write(text: "nothing is wrong" + (roles.isEmpty ? "" : ", for a \(roles.joined(separator: " and a "))"))
  }

  private static func problems(of node: NodeSettings, _ sources: SettingSources) -> [SettingProblem] {
    var problems: [SettingProblem?] = [
      problem(Settings.nodePeerKey.entry, sources) { _ = try PeerKeyFile.read(node.peerKey) }
    ]
    if let hotkey = node.hotkey {
      problems.append(problem(Settings.nodeHotkey.entry, sources) { _ = try KeyFile.inspect(hotkey) })
    }
    if let file = node.passphraseFile {
      problems.append(problem(Settings.nodePassphraseFile.entry, sources) { _ = try SecretFile.read(file) })
    }
    return problems.compactMap(\.self)
  }

  private static func problems(ofRoutes file: String, _ sources: SettingSources) -> [SettingProblem] {
    let found = problem(Settings.apiRoutes.entry, sources) {
      let errors = try RouteTable(contentsOf: file).findings.filter { $0.severity == .error }
      guard errors.isEmpty else {
        throw CommandError(
          "routes.errors", errors.map { "\($0)" }.joined(separator: "; "), status: .configuration)
      }
    }
    return [found].compactMap(\.self)
  }

  private static func problems(
    of hoster: HosterSettings, epoch: EpochSettings?, _ sources: SettingSources
  ) -> [SettingProblem] {
    func demand(_ path: String, _ isThere: Bool, _ what: String) throws {
      guard isThere else { throw CommandError("configuration.file", "\(path) \(what)", status: .configuration) }
    }
    var found: [SettingProblem?] = []
    switch hoster.source {
    case .model(let folder):
      found.append(
        problem(Settings.hosterModel.entry, sources) {
          for file in ["config.json", "model.safetensors"] {
            let path = "\(folder)/\(file)"
            try demand(path, FileManager.default.isReadableFile(atPath: path), "can't be read")
          }
        })
    case .program(let command):
      found.append(
        problem(Settings.hosterCommand.entry, sources) {
          let path = command.first ?? ""
          try demand(path, FileManager.default.isExecutableFile(atPath: path), "is no program that can be run")
        })
    case .completions(_, _, let keyFile, _, let tokenizer):
      if let keyFile {
        found.append(problem(Settings.hosterCompletionsKeyFile.entry, sources) { _ = try SecretFile.read(keyFile) })
      }
      if let tokenizer, let epoch {
        found.append(
          problem(Settings.hosterCompletionsTokenizer.entry, sources) {
            _ = try HosterComputation.tokenizer(tokenizer, epoch)
          })
      }
    }
    return found.compactMap(\.self)
  }

  /// What a file that a key names has wrong; nil if nothing.
  private static func problem(
    _ entry: SettingEntry, _ sources: SettingSources, _ body: () throws -> Void
  ) -> SettingProblem? {
    func tell(_ message: String) -> SettingProblem {
      SettingProblem(
        key: entry.name, origin: (try? sources.raw(entry))?.origin, text: "names a file that won't do: \(message)")
    }
    do {
      try body()
      return nil
    } catch let error as any SubstrateError {
      return tell(error.message)
    } catch let error as any LibP2PError {
      return tell(error.message)
    } catch {
      return tell("\(error)")
    }
  }
}
