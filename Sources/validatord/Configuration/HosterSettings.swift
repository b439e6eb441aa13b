import Foundation
import Hoster

/// `hoster.*`: what computes, and for whom.
struct HosterSettings: Sendable {
  /// What computes.
  enum Backend: String, Sendable, CaseIterable {
    /// The built-in model, in worker processes of this program.
    case gpt2
    /// A server with OpenAI's completions.
    case completions
    /// Worker processes of the operator's.
    case external
  }

  /// What computes, with what it needs.
  enum Source: Sendable, Hashable {
    case model(folder: String)
    case completions(url: URL, model: String, keyFile: String?, context: Int, tokenizer: String?)
    case program([String])
  }

  let source: Source
  let workers: Int
  let threads: Int
  /// Variables that workers get from the daemon's environment.
  let environment: Set<String>
  let startTimeout: Duration
  let stallTimeout: Duration
  let limits: WorkerLimits
  /// What is computed at a time.
  let inference: InferenceLimits
  let maximumNewTokens: Int32
  let antiCopy: AntiCopyPolicy.Mode

  init?(_ reader: inout SettingsReader, epoch: EpochSettings?) {
    let backend = reader.value(Settings.hosterBackend)
    let workers = reader.value(Settings.hosterWorkers)
    let threads = reader.value(Settings.hosterThreads)
    let environment = reader.value(Settings.hosterEnvironment)
    let startTimeout = reader.value(Settings.hosterStartTimeout)
    let stallTimeout = reader.value(Settings.hosterStallTimeout)
    var limits = WorkerLimits()
    limits.addressSpace = reader.value(Settings.hosterMemoryLimit)
    limits.processorTime = reader.value(Settings.hosterProcessorLimit).map { UInt64($0.components.seconds) }
    limits.descriptors = reader.value(Settings.hosterDescriptorLimit)
    let concurrency = reader.value(Settings.hosterConcurrency)
    let cacheTokens = reader.value(Settings.hosterCacheTokens)
    let tokens = reader.value(Settings.hosterMaxNewTokens)
    let antiCopy = reader.value(Settings.hosterAntiCopy)
    let source = Self.source(backend, &reader)
    if let tokens, let epoch, tokens < epoch.maximumNewTokens {
      reader.report(
        Settings.hosterMaxNewTokens.entry, "is less than epoch.max-new-tokens, which is \(epoch.maximumNewTokens)")
    }
    guard let workers, let threads, let environment, let startTimeout, let stallTimeout, let tokens, let antiCopy,
      let source
    else { return nil }
    (self.source, self.workers, self.threads) = (source, workers, threads)
    (self.startTimeout, self.stallTimeout, maximumNewTokens) = (startTimeout, stallTimeout, tokens)
    self.limits = limits
    inference = Self.inference(source, concurrency, cacheTokens)
    (self.environment, self.antiCopy) = (Set(environment), antiCopy)
  }

  /// The built-in model is known to take many requests at a time; what else computes may take them one by one, and what
  /// it keeps of them is its own matter.
  private static func inference(_ source: Source, _ concurrency: Int?, _ tokens: Int?) -> InferenceLimits {
    let standard = InferenceLimits()
    switch source {
    case .model:
      return InferenceLimits(running: concurrency ?? standard.running, tokens: tokens ?? standard.runningTokens)
    case .program, .completions: return InferenceLimits(running: concurrency ?? 16, tokens: tokens ?? .max)
    }
  }

  /// All keys are read, whichever backend it is, so that a mistake in one that waits to be used is found.
  private static func source(_ backend: Backend?, _ reader: inout SettingsReader) -> Source? {
    let model = reader.value(Settings.hosterModel)
    let command = reader.value(Settings.hosterCommand)
    let url = reader.value(Settings.hosterCompletionsURL)
    let name = reader.value(Settings.hosterCompletionsModel)
    let keyFile = reader.value(Settings.hosterCompletionsKeyFile)
    let context = reader.value(Settings.hosterCompletionsContext)
    let tokenizer = reader.value(Settings.hosterCompletionsTokenizer)
    func demand(_ entry: SettingEntry, _ backend: Backend) {
      if !reader.isGiven(entry) { reader.report(entry, "is missing: the backend \(backend.rawValue) needs it") }
    }
    switch backend {
    case nil: return nil
    case .gpt2:
      demand(Settings.hosterModel.entry, .gpt2)
      return model.map { .model(folder: $0) }
    case .external:
      guard let program = command?.first else {
        reader.report(Settings.hosterCommand.entry, "is missing: the backend external needs it")
        return nil
      }
      guard program.hasPrefix("/") else {
        reader.report(Settings.hosterCommand.entry, "has to begin with a program by absolute path")
        return nil
      }
      return command.map { .program($0) }
    case .completions:
      demand(Settings.hosterCompletionsURL.entry, .completions)
      demand(Settings.hosterCompletionsModel.entry, .completions)
      guard let url, let name, let context else { return nil }
      guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme), parsed.host() != nil else {
        reader.report(Settings.hosterCompletionsURL.entry, "takes an http or https URL")
        return nil
      }
      return .completions(url: parsed, model: name, keyFile: keyFile, context: context, tokenizer: tokenizer)
    }
  }
}
