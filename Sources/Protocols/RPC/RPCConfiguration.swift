public import CoreMetrics
public import Logging

/// What handlers and stubs are made with, besides their gate.
public struct RPCConfiguration: Sendable {
  public var limits = CallLimits()
  /// How long a call with a single response may take unless it says otherwise.
  public var timeout = Duration.seconds(60)
  public var logger = Logger(label: "protocols.rpc")
  public var metrics: any MetricsFactory = MetricsSystem.factory

  public init() {}
}
