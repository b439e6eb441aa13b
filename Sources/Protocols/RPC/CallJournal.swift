import CoreMetrics
import LibP2P
import Logging

/// What this node notes about calls that go wrong: a line of the log, sparingly, and a count, always.
struct CallJournal: Sendable {
  private let logger: Logger
  private let metrics: any MetricsFactory

  init(_ configuration: RPCConfiguration) {
    logger = configuration.logger
    metrics = configuration.metrics
  }

  /// The gate or an authorizer refused a peer. The peer is not told why; this is where the reason stands.
  func refused(_ call: P2PContext, _ refusal: Refusal) {
    count("protocols_rpc_refusals_total", call, code: refusal.code)
    note(.notice, "refused \(Self.words(call)): \(refusal)")
  }

  /// A handler failed with an error that is not meant for the caller.
  func failed(_ call: P2PContext, _ error: any Error) {
    count("protocols_rpc_failures_total", call, code: (error as? any LibP2PError)?.code ?? "rpc.handler")
    note(.warning, "failed to serve \(Self.words(call)): \(Self.words(error))")
  }

  /// The peer broke the framing.
  func broken(_ call: P2PContext, _ error: CallError) {
    count("protocols_rpc_failures_total", call, code: error.code)
    note(.debug, "could not read \(Self.words(call)): \(error)")
  }

  /// A call of this node failed and its caller did not want to know.
  func swallowed(_ call: P2PContext, _ error: any Error, level: Logger.Level) {
    note(level, "\(Self.words(call)) failed: \(Self.words(error))")
  }

  private func count(_ label: String, _ call: P2PContext, code: String) {
    let dimensions = [("code", code), ("rpc", call.handleName), ("role", call.role.rawValue)]
    Counter(label: label, dimensions: dimensions, factory: metrics).increment()
  }

  private func note(_ level: Logger.Level, _ line: @autoclosure () -> String) {
    guard logger.logLevel <= level, LogBudget.take() else { return }
    logger.log(level: level, "\(line())")
  }

  /// Errors of this project hold nothing that a peer could word as it likes; others may.
  private static func words(_ error: any Error) -> String {
    (error as? any LibP2PError)?.description ?? "\(error)".quotedForLog(limit: 256)
  }

  private static func words(_ call: P2PContext) -> String {
    switch call.role {
    case .client: "the call of \(call.handleName) to \(call.remoteID)"
    case .servicer: "a call of \(call.handleName) from \(call.remoteID)"
    }
  }
}
