public import NIOCore

/// When to dial which bootstrap peer: at once, then after pauses that double, with jitter, for as long as it is not
/// connected.
public struct BootstrapSchedule: Sendable {
  /// The first pause after a failure.
  public static let basePause = TimeAmount.seconds(1)
  /// The longest pause.
  public static let maximumPause = TimeAmount.minutes(5)
  /// Bootstrap peers taken; more are ignored.
  public static let maximumPeers = 64

  private struct Attempt {
    let address: Multiaddr
    var peer: PeerID?
    var failures = 0
    var next = NIODeadline.uptimeNanoseconds(0)
    var isDialing = false
  }

  private var attempts: [Attempt]

  /// - Parameter addresses: where the bootstrap peers are, with or without their peer ids.
  public init(_ addresses: [Multiaddr]) {
    attempts = addresses.prefix(Self.maximumPeers).map { Attempt(address: $0, peer: $0.peerID) }
  }

  /// The addresses to dial now. Tell each one's outcome by ``connected(_:with:)`` or ``failed(_:now:using:)``.
  public mutating func due(now: NIODeadline, connected: Set<PeerID>) -> [Multiaddr] {
    var due: [Multiaddr] = []
    for position in attempts.indices {
      let attempt = attempts[position]
      guard !attempt.isDialing, attempt.next <= now, !(attempt.peer.map(connected.contains) ?? false) else { continue }
      attempts[position].isDialing = true
      due.append(attempt.address)
    }
    return due
  }

  /// Notes that `address` answered, and who it is.
  public mutating func connected(_ address: Multiaddr, with peer: PeerID) {
    update(address) { attempt in
      attempt.peer = peer
      attempt.failures = 0
      attempt.next = .uptimeNanoseconds(0)
    }
  }

  /// Notes that `address` did not answer.
  public mutating func failed(
    _ address: Multiaddr, now: NIODeadline, using random: inout some RandomNumberGenerator
  ) {
    update(address) { attempt in
      let doubled = Self.basePause.nanoseconds << Int64(min(attempt.failures, 20))
      let pause = min(doubled, Self.maximumPause.nanoseconds)
      attempt.failures += 1
      attempt.next = now + .nanoseconds(pause / 2 + Int64.random(in: 0...pause / 2, using: &random))
    }
  }

  private mutating func update(_ address: Multiaddr, _ change: (inout Attempt) -> Void) {
    for position in attempts.indices where attempts[position].address == address {
      attempts[position].isDialing = false
      change(&attempts[position])
    }
  }
}
