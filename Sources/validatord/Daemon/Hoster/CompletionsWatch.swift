import Hoster
import Logging
import ServiceLifecycle
import Synchronization

/// Asks a model server from time to time whether it serves the model, so that `/readyz` knows before a peer does.
final class CompletionsWatch: Service {
  /// Between two questions.
  private static let interval = Duration.seconds(5)

  private enum State {
    case unknown
    case serves
    case fails(String)
  }

  private let server: CompletionsBackend
  private let logger: Logger
  private let state = Mutex(State.unknown)

  init(_ server: CompletionsBackend, logger: Logger) {
    self.server = server
    self.logger = logger
  }

  /// How the server was when it was last asked.
  var health: PartHealth {
    switch state.withLock({ $0 }) {
    case .unknown: .waiting("the model server has not answered yet")
    case .serves: .well("the model server has the model")
    case .fails(let reason): .waiting(reason)
    }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        await ask()
        try? await Task.sleep(for: Self.interval)
      }
    }
  }

  private func ask() async {
    let new: State
    do {
      _ = try await server.describe()
      new = .serves
    } catch {
      guard !Task.isCancelled else { return }
      new = .fails((error as? InferenceError)?.message ?? "\(error)")
    }
    let old = state.withLock { state in
      defer { state = new }
      return state
    }
    switch (old, new) {
    case (.serves, .fails(let reason)), (.unknown, .fails(let reason)):
      logger.warning("the model server does not serve: \(reason)")
    case (.fails, .serves), (.unknown, .serves): logger.info("the model server has the model")
    default: break
    }
  }
}
