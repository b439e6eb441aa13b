import ArgumentParser
import Substrate

struct ConfigShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows the value of every key, as the daemons see it.",
    discussion: "Files that hold secrets are named, never opened. Ends with 78 if something is wrong with a value.")

  @Flag(help: "Also show where each value comes from.") var origin = false
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table
  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let sources = try options.sources
    let rows = try Settings.all.map { entry in (entry, try Self.value(of: entry, sources)) }
    switch format {
    case .table:
      Report.write(
        headings: origin ? ["KEY", "VALUE", "ORIGIN"] : ["KEY", "VALUE"],
        rows: rows.map { entry, value in
          let text = value.map { Self.shown(entry, $0.texts).joined(separator: ", ") } ?? ""
          let cells = [entry.name, text.isEmpty ? "–" : text]
          return origin ? cells + [value?.origin.description ?? "–"] : cells
        })
    case .json:
      Report.write(
        .object(
          Dictionary(
            rows.map { entry, value in
              let shown = Self.shown(entry, value?.texts ?? [])
              let texts: JSONValue =
                entry.isList ? .array(shown.map { .string($0) }) : shown.first.map { .string($0) } ?? .null
              let member: JSONValue = [
                "value": texts, "origin": value.map { .string($0.origin.description) } ?? .null,
              ]
              return (entry.name, origin ? member : texts)
            }
          ) { $1 }))
    }
    var reader = SettingsReader(sources)
    _ = DaemonConfiguration(&reader, needsHotkey: false)
    // What is missing shows as a dash.
    let problems = reader.problems.filter { $0.origin != nil }
    guard problems.isEmpty else { throw CommandError.configuration(problems) }
  }

  /// What was said for a key, or its default; nil without either.
  private static func value(of entry: SettingEntry, _ sources: SettingSources) throws -> RawSetting? {
    if let raw = try? sources.raw(entry) { return raw }
    guard case .standard(let text) = entry.need, !text.isEmpty || entry.isList else { return nil }
    return RawSetting(texts: text.isEmpty ? [] : [text], origin: .standard, folder: "")
  }

  /// The texts without what may be secret: the path and the query of an endpoint hold API keys.
  private static func shown(_ entry: SettingEntry, _ texts: [String]) -> [String] {
    guard entry == Settings.chainRPC.entry else { return texts }
    return texts.map { (try? RPCEndpoint($0, allowsPlaintext: true))?.name ?? "(no URL)" }
  }
}
