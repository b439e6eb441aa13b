import LibP2P
public import NIOCore
import Synchronization

/// Peers call no more often than they may, each for itself and all together. This node's own calls are not counted,
/// nor are the messages inside a call, which back-pressure holds back.
///
/// Buckets instead of the published authorizer's windows (mesh-wire.md §3.11), with its rates as defaults; that one
/// refuses everybody. Up to 2,048 peers are remembered; the idlest are forgotten first and begin anew.
public final class RateLimited: AuthorizationRule {
  /// So many calls at once, then one per interval.
  public struct Rate: Sendable {
    public let burst: Int
    public let interval: TimeAmount

    public init(burst: Int, interval: TimeAmount) {
      self.burst = burst
      self.interval = interval
    }
  }

  private let budgets: Mutex<(peers: PeerBudgets, all: TokenBucket)>
  private let now: @Sendable () -> NIODeadline

  /// - Parameters:
  ///   - peer: what each peer may; by default 20 calls at once and 10 a second.
  ///   - all: what all peers may together; by default 1,000 at once and 500 a second.
  public init(
    peer: Rate = Rate(burst: 20, interval: .milliseconds(100)),
    all: Rate = Rate(burst: 1_000, interval: .milliseconds(2)), now: @escaping @Sendable () -> NIODeadline = { .now() }
  ) {
    budgets = Mutex(
      (
        PeerBudgets(burst: peer.burst, interval: peer.interval), TokenBucket(burst: all.burst, interval: all.interval)
      ))
    self.now = now
  }

  public func admit(_ call: P2PContext) throws(Refusal) {
    guard call.role == .servicer else { return }
    let now = now()
    // The peer's own budget comes first, so that one who is over it takes nothing from the others.
    let (isPeerGranted, isGranted) = budgets.withLock { budgets in
      let isPeerGranted = budgets.peers.take(call.remoteID, now: now)
      return (isPeerGranted, isPeerGranted && budgets.all.take(now: now))
    }
    guard isPeerGranted else { throw Refusal(.tooOften, "\(call.remoteID) calls too often") }
    guard isGranted else { throw Refusal(.tooOften, "all peers together call too often") }
  }
}
