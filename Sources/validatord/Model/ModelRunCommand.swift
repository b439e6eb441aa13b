import ArgumentParser
import Hoster
import Substrate

struct ModelRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Continues a prompt with a model, without a network.",
    discussion: "Prints each token id as it is computed, then how long they took.")

  @Argument(help: ArgumentHelp("The folder with config.json and model.safetensors.", valueName: "folder"))
  var folder: String
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids")) var promptTokens: String
  @Option(help: "How many tokens to append.") var maxNewTokens = 5
  @Option(help: "How many threads compute; they don't change the answer.") var threads = 1
  @Option(help: "How the answer is written: table or json.") var format: OutputFormat = .table

  /// Threads of one computation at most.
  static let maximumThreads = 256

  func validate() throws {
    guard (1...Self.maximumThreads).contains(threads) else {
      throw ValidationError("--threads is from 1 to \(Self.maximumThreads)")
    }
  }

  func run() async throws {
    let prompt = try TokenList.parse(promptTokens)
    try await HosterFailure.translate {
      let backend = GPT2Backend(try GPT2(folder: folder), threads: threads)
      let clock = ContinuousClock()
      let start = clock.now
      var (first, tokens): (Duration?, [Int32]) = (nil, [])
      for try await token in try await backend.tokens(
        for: InferenceRequest(prompt: prompt, maximumNewTokens: maxNewTokens))
      {
        first = first ?? clock.now - start
        tokens.append(token)
        if format == .table { Report.write(text: "\(token)") }
      }
      report(tokens, first: first ?? .zero, total: clock.now - start)
    }
  }

  private func report(_ tokens: [Int32], first: Duration, total: Duration) {
    let firstMs = P2PPingCommand.milliseconds(first)
    let eachMs = P2PPingCommand.milliseconds(total - first) / Double(max(1, tokens.count - 1))
    switch format {
    case .json:
      Report.write([
        "tokens": .array(tokens.map { JSONValue($0) }), "firstTokenMs": JSONValue(floatLiteral: firstMs),
        "nextTokenMs": JSONValue(floatLiteral: eachMs),
      ])
    case .table:
      let rounded = { (time: Double) in "\((time * 1000).rounded() / 1000) ms" }
      Report.write(text: "first token after \(rounded(firstMs)), each of the others after \(rounded(eachMs))")
    }
  }
}
