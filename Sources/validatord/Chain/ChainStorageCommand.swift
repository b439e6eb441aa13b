import ArgumentParser
import Substrate

struct ChainStorageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "storage", abstract: "Reads storage by name.",
    discussion: """
      With all of an item's keys its value is shown, and whether it is stored or a default; with fewer, the \
      entries under them. Keys and values are written as JSON: 1, "text", 0xff…, ["a", 1].
      """)

  @OptionGroup var options: ChainOptions
  @Argument(help: ArgumentHelp("The item, such as Network.SubnetSlot.", valueName: "pallet.item")) var item: String
  @Argument(help: "Its keys.") var keys: [String] = []
  @Option(help: "The most entries that are shown.") var limit = 1000

  func run() async throws {
    let name = try QualifiedName(item)
    let keys = keys.map(JSONArgument.value)
    try await options.withState { state in
      let types = try await state.metadata().types
      let item = try await state.metadata().storage(name.pallet, name.member)
      guard keys.count < item.keyTypes.count else {
        let stored = try await state.raw(item.key(keys, types: types))
        let value = try item.value(stored, types: types)
        switch options.format {
        case .json:
          Report.write(
            [
              "item": .string(item.name), "isStored": .bool(stored != nil), "value": value?.json ?? .null,
              "type": .string(types.name(of: item.entry.value)),
            ])
        case .table:
          Report.write(text: value.map(\.json.description) ?? "nothing is stored")
          if stored == nil, value != nil { Report.write(text: "(default; nothing is stored)") }
        }
        return
      }
      var entries: [JSONValue] = []
      for try await entry in try await state.entries(name.pallet, name.member, keys: keys, limit: limit) {
        entries.append(
          ["keys": .array(entry.parts.map { $0?.json ?? .null }), "value": entry.value.json])
      }
      switch options.format {
      case .json: Report.write(.array(entries))
      case .table:
        for entry in entries {
          Report.write(
            text:
              "\((entry["keys"]?.arrayValue ?? []).map(\.tableText).joined(separator: ", "))  \(entry["value"]?.description ?? "")"
          )
        }
      }
    }
  }
}
