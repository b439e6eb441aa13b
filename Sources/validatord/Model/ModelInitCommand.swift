import ArgumentParser
import Hoster
import Substrate

struct ModelInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Makes a small model with random weights, for development.",
    discussion: """
      It is a GPT-2 model in the files config.json and model.safetensors, which other programs load too. The same seed \
      and shape give the same model everywhere. What it says means nothing.
      """)

  @Option(help: ArgumentHelp("The folder to make; an existing model is never overwritten.", valueName: "folder"))
  var out: String
  @Option(help: "What the weights are drawn from.") var seed: UInt64
  @Option(help: "Transformer blocks.") var layers = 4
  @Option(help: "Attention heads of a block; they divide the width.") var heads = 4
  @Option(help: "Length of a token's vector.") var width = 128
  @Option(help: "Number of token ids.") var vocabulary = 1024
  @Option(help: "The most tokens of prompt and answer together.") var context = 256
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  func run() async throws {
    let model = try await HosterFailure.translate {
      let configuration = try GPT2Configuration(
        layers: layers, heads: heads, width: width, vocabulary: vocabulary, context: context)
      try GPT2.make(configuration, seed: seed, in: out)
      return try GPT2(folder: out)
    }
    ModelReport(folder: out, model: model).write(format)
  }
}
