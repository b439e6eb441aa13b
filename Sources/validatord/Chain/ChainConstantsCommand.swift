import ArgumentParser
import Substrate

struct ChainConstantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "constants", abstract: "Shows the constants of a pallet, or of all.")

  @OptionGroup var options: ChainOptions
  @Argument(help: "A pallet, or one constant as Pallet.Name.") var name: String?

  func run() async throws {
    let metadata = try await options.withState { try await $0.metadata() }
    let wanted = name?.split(separator: ".", maxSplits: 1).map(String.init)
    let pallets = try wanted?.first.map { [try metadata.pallet($0)] } ?? metadata.pallets
    var rows: [(name: String, type: String, value: JSONValue)] = []
    for pallet in pallets {
      let constants =
        try wanted.flatMap { $0.count == 2 ? $0[1] : nil }.map { name in
          _ = try metadata.constant(pallet.name, name)
          return pallet.constants.filter { $0.name == name }
        } ?? pallet.constants
      for constant in constants {
        rows.append(
          (
            "\(pallet.name).\(constant.name)", metadata.types.name(of: constant.type),
            try metadata.types.decode(constant.value, as: constant.type).json
          ))
      }
    }
    switch options.format {
    case .json:
      Report.write(
        .object(
          Dictionary(uniqueKeysWithValues: rows.map { ($0.name, ["type": .string($0.type), "value": $0.value]) })))
    case .table:
      Report.write(
        headings: ["CONSTANT", "TYPE", "VALUE"], rows: rows.map { [$0.name, $0.type, $0.value.description] })
    }
  }
}
