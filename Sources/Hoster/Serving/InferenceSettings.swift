import Foundation
public import Protocols

/// What a node's inference protocol is told about the node, and what it grants callers.
public struct InferenceSettings: Sendable {
  /// The most tokens that are appended for one request; who asks for more gets as many.
  public var maximumNewTokens: Int32 = 5
  /// The node's id in the DHT, which every response carries; empty for nodes that keep no records.
  public var nodeID: [UInt8] = []
  /// What `rpc_info` tells.
  public var version = ""
  public var isDHTClient = false
  /// What the calls may use.
  public var calls: CallLimits
  /// How long what is computed may take to come to its end when the node stops.
  public var drainTime = Duration.seconds(5)
  /// Unix seconds.
  public var clock: @Sendable () -> Double = { Date().timeIntervalSince1970 }

  public init() {
    calls = CallLimits()
    calls.concurrentCalls = 512
    calls.concurrentCallsPerPeer = 256
    // A prompt of 2^16 token ids has 512 KiB.
    calls.maximumMessageLength = 1 << 20
  }
}
