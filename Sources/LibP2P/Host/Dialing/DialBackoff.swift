import NIOCore

/// When a peer that could not be reached may be dialed again: after one second, then twice as long each time, with
/// jitter, so that a network that comes back is not stormed (subnet-wire.md §1.5).
struct DialBackoff {
  /// The first pause.
  static let base = TimeAmount.seconds(1)
  /// The longest pause.
  static let maximum = TimeAmount.seconds(300)
  /// Peers remembered; those whose pause ends first are forgotten first.
  static let maximumPeers = 1024

  private var pauses: [PeerID: (failures: Int, until: NIODeadline)] = [:]

  /// When a peer may be dialed; nil means now.
  func pause(_ peer: PeerID, now: NIODeadline) -> NIODeadline? {
    pauses[peer].flatMap { $0.until > now ? $0.until : nil }
  }

  /// Notes a failed dial.
  mutating func failed(_ peer: PeerID, now: NIODeadline, using random: inout some RandomNumberGenerator) {
    let failures = (pauses[peer]?.failures ?? 0) + 1
    let doubled = Self.base.nanoseconds << Int64(min(failures - 1, 16))
    let pause = min(doubled, Self.maximum.nanoseconds)
    let jittered = pause + Int64.random(in: 0...pause / 4, using: &random)
    pauses[peer] = (failures, now + .nanoseconds(jittered))
    if pauses.count > Self.maximumPeers, let oldest = pauses.min(by: { $0.value.until < $1.value.until }) {
      pauses[oldest.key] = nil
    }
  }

  /// Forgets a peer that was reached.
  mutating func succeeded(_ peer: PeerID) { pauses[peer] = nil }
}
