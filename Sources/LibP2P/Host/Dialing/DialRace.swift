import NIOCore

/// Happy eyeballs (RFC 8305): targets are tried in order, each after the one before has failed or has kept silent
/// for a moment; the first that ends in a secure connection wins and the others are given up.
struct DialRace {
  /// Time between two attempts that run side by side.
  var attemptDelay: TimeAmount
  /// Time for all attempts together.
  var deadline: TimeAmount
  /// Dials one target up to the secure connection.
  var attempt: @Sendable (DialTarget) async throws -> P2PConnection

  private enum Event: Sendable {
    case connected(P2PConnection)
    case failed(DialTarget, any Error)
    case delayPassed
    case deadlinePassed
  }

  /// Runs the race.
  ///
  /// - Throws: the error of the only target, or of the one where somebody answered; else one ``HostError`` with all
  ///   of them, `host.unreachable` if they differ; `host.timeout`, `CancellationError`.
  func run(_ targets: [DialTarget]) async throws -> P2PConnection {
    try await withThrowingTaskGroup(of: Event.self) { group in
      var waiting = targets[...]
      var running = 0
      var failures: [(target: DialTarget, error: any Error)] = []
      func startNext() {
        guard let target = waiting.popFirst() else { return }
        running += 1
        group.addTask {
          do { return .connected(try await attempt(target)) } catch { return .failed(target, error) }
        }
        group.addTask { await pause(attemptDelay, .delayPassed) }
      }
      group.addTask { await pause(deadline, .deadlinePassed) }
      startNext()
      while let event = try await group.next() {
        switch event {
        case .connected(let connection):
          group.cancelAll()
          for try await case .connected(let late) in group { late.close() }
          return connection
        case .failed(let target, let error):
          running -= 1
          failures.append((target, error))
          if waiting.isEmpty, running == 0 {
            group.cancelAll()
            try Task.checkCancellation()
            throw summary(failures)
          }
          startNext()
        case .delayPassed: startNext()
        case .deadlinePassed:
          group.cancelAll()
          for try await case .connected(let late) in group { late.close() }
          throw HostError(.timeout, "no address answered in time")
        }
      }
      throw CancellationError()
    }
  }

  private func pause(_ time: TimeAmount, _ event: Event) async -> Event {
    try? await Task.sleep(for: .nanoseconds(time.nanoseconds))
    return event
  }

  private func summary(_ failures: [(target: DialTarget, error: any Error)]) -> any Error {
    let errors = failures.compactMap { $0.error as? any LibP2PError }
    if failures.count == 1, let only = errors.first { return only }
    if let answered = errors.first(where: { !($0 is HostError) }) { return answered }
    let reasons = failures.map { failure in
      let error = failure.error as? any LibP2PError
      return "\(failure.target.address): \(error?.message ?? String(describing: failure.error))"
    }
    let kinds = Set(errors.map { ($0 as? HostError)?.kind })
    let common = kinds.count == 1 ? kinds.first ?? nil : nil
    return HostError(common ?? .unreachable, "no address answered; \(reasons.joined(separator: "; "))")
  }
}
