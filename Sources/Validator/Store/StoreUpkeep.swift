import Foundation
public import Logging
import Metrics
public import ServiceLifecycle

/// Looks after the database while a daemon uses it: measures it, and looks through all of it from time to time.
///
/// A damaged index shows in no look at pages, as each start takes it, and yet gives wrong answers. Source:
/// spec/threats.md §5.
public struct StoreUpkeep: Service {
  /// How often it looks.
  public struct Settings: Sendable, Hashable {
    /// Between measurements of the files.
    public var measuring: Duration = .seconds(60)
    /// From the start to the first look through all of the database, so that a start is over by then; also from one
    /// that failed to the next.
    public var firstCheck: Duration = .seconds(3600)
    /// From one look through all of it to the next: a week.
    public var checking: Duration = .seconds(7 * 86_400)

    public init() {}
  }

  private let store: Store
  private let settings: Settings
  private let logger: Logger

  public init(_ store: Store, _ settings: Settings = Settings(), logger: Logger = Logger(label: "store")) {
    self.store = store
    self.settings = settings
    self.logger = logger
  }

  /// Works until the service group shuts down or the task is cancelled.
  ///
  /// - Throws: ``StoreError`` `store.damaged`: nothing may be signed that rests on such a database.
  public func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await self.work() }
    } catch is CancellationError {}
  }

  private func work() async throws {
    var nextCheck = ContinuousClock.now + settings.firstCheck
    while true {
      measure()
      if ContinuousClock.now >= nextCheck {
        nextCheck = .now + (try await look() ? settings.checking : settings.firstCheck)
      }
      try await Task.sleep(for: min(settings.measuring, max(nextCheck - .now, .zero)))
    }
  }

  /// - Returns: whether all of it was seen.
  private func look() async throws -> Bool {
    do {
      let check = try await store.check()
      guard check.isSound else {
        let fault = check.faults.first ?? "no answer"
        logger.critical("the database is damaged", metadata: ["fault": "\(fault)"])
        throw StoreError(.damaged, "\(store.path) is damaged: \(fault)")
      }
      logger.info("the database was looked through", metadata: ["bytes": "\(check.size)"])
      return true
    } catch let error as StoreError where !error.isLasting {
      logger.warning("the database could not be looked through", metadata: ["error": "\(error)"])
      return false
    }
  }

  /// A log that grows has a reader that never ends.
  private func measure() {
    Gauge(label: "store_file_bytes").record(StoreFile.size(store.path) ?? 0)
    Gauge(label: "store_log_bytes").record(StoreFile.size(store.path + "-wal") ?? 0)
  }
}
