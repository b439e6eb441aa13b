import Hoster
import LibP2P

/// What computes for a hoster: workers, or a server.
enum HosterComputation: Sendable {
  case workers(WorkerCommand, WorkerPool.Configuration)
  case server(CompletionsBackend)

  /// - Throws: ``CommandError`` for a key file or a tokenizer that can't be used.
  init(_ settings: HosterSettings, epoch: EpochSettings) throws {
    var pool = WorkerPool.Configuration()
    pool.workers = settings.workers
    pool.policy.startTimeout = settings.startTimeout
    pool.policy.stallTimeout = settings.stallTimeout
    func workers(_ program: String, _ arguments: [String]) -> HosterComputation {
      var command = WorkerCommand(program: program, arguments: arguments)
      command.threads = settings.threads
      command.inheritedVariables = settings.environment
      command.limits = settings.limits
      return .workers(command, pool)
    }
    switch settings.source {
    case .model(let folder):
      // Linux finds this program even if its file has been replaced since.
      self = workers("/proc/self/exe", ["worker", "run", "--model", folder])
    case .program(let command):
      self = workers(command.first ?? "", Array(command.dropFirst()))
    case .completions(let url, let model, let keyFile, let context, let tokenizer):
      var server = CompletionsBackend.Configuration(
        url: url, model: model, vocabularySize: Int(epoch.vocabulary), contextLength: context)
      server.idleTimeout = max(1, settings.stallTimeout.components.seconds)
      server.apiKey = try keyFile.map(SecretFile.read)
      server.tokenizer = try tokenizer.map { try Self.tokenizer($0, epoch) }
      self = .server(CompletionsBackend(server))
    }
  }

  /// The tokenizer of a server's model, which may have no token ids but those of the subnet's.
  ///
  /// - Throws: ``CommandError`` for a file that can't be used.
  static func tokenizer(_ path: String, _ epoch: EpochSettings) throws -> Tokenizer {
    do {
      return try Tokenizer(contentsOf: path, vocabularySize: Int(epoch.vocabulary))
    } catch {
      throw CommandError(error.code, error.message, remedy: error.remedy, status: .configuration)
    }
  }
}
