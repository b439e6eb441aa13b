import ArgumentParser
import Hoster
import Substrate

struct ModelInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Loads a model and says what it is.",
    discussion: "Ends with 1 and a reason if the node could not serve it.")

  @Argument(help: ArgumentHelp("The folder with config.json and model.safetensors.", valueName: "folder"))
  var folder: String
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let model = try await HosterFailure.translate { try GPT2(folder: folder) }
    ModelReport(folder: folder, model: model).write(format)
  }
}

/// What is told of a model.
struct ModelReport {
  let folder: String
  let model: GPT2

  func write(_ format: OutputFormat) {
    let (shape, description) = (model.configuration, model.description)
    let hash = Hex.encodeUnprefixed(description.hash ?? [])
    let weights = Hex.encodeUnprefixed(model.weightsHash)
    switch format {
    case .json:
      Report.write([
        "folder": .string(folder), "architecture": .string(description.name), "hash": .string(hash),
        "weightsHash": .string(weights), "parameters": JSONValue(shape.parameters), "layers": JSONValue(shape.layers),
        "heads": JSONValue(shape.heads), "width": JSONValue(shape.width), "innerWidth": JSONValue(shape.innerWidth),
        "vocabulary": JSONValue(shape.vocabulary), "context": JSONValue(shape.context),
      ])
    case .table:
      Report.write(rows: [
        ("model hash", hash), ("SHA-256 of the weights", weights), ("architecture", description.name),
        ("parameters", "\(shape.parameters)"), ("layers", "\(shape.layers)"), ("heads", "\(shape.heads)"),
        ("width", "\(shape.width), inside \(shape.innerWidth)"), ("vocabulary", "\(shape.vocabulary)"),
        ("context", "\(shape.context)"), ("folder", folder),
      ])
    }
  }
}
