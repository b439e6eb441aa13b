import ArgumentParser
import Protocols
import Substrate

struct RPCListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the procedures that can be called.")

  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() {
    let procedures = PublishedProcedures.all
    switch format {
    case .json:
      Report.write(
        .array(
          procedures.map {
            [
              "name": .string($0.name), "kind": .string($0.kind.rawValue),
              "request": .string($0.requestType.protoMessageName),
              "response": .string($0.responseType.protoMessageName),
            ]
          }))
    case .table:
      Report.write(
        headings: ["PROCEDURE", "KIND", "REQUEST", "RESPONSE"],
        rows: procedures.map {
          [$0.name, $0.kind.rawValue, $0.requestType.protoMessageName, $0.responseType.protoMessageName]
        })
    }
  }
}
