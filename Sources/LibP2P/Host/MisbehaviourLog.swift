import Logging
import NIOCore
import Synchronization

/// One line per offence, always of the same shape, so that a tool such as fail2ban can find and block the address
/// (libp2p's guide on denial of service):
///
///     CANONICAL_MISBEHAVING_PEER: ip=192.0.2.7 peer=12D3KooW… addr=/ip4/192.0.2.7/tcp/51442 component=yamux code=yamux.flood
final class MisbehaviourLog: Sendable {
  /// How every line begins.
  static let marker = "CANONICAL_MISBEHAVING_PEER:"
  /// Lines written: so many at once, then one in that time. A flood of offences must not fill the disk.
  private let budget = Mutex(TokenBucket(burst: 100, interval: .milliseconds(200)))
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  /// Writes the line, unless too many were written.
  func record(
    peer: PeerID?, address: Multiaddr, component: String, code: String, now: NIODeadline = .now()
  ) {
    guard budget.withLock({ $0.take(now: now) }) else { return }
    logger.warning(
      "\(Self.line(peer: peer, address: address, component: component, code: code))")
  }

  /// The line itself. It holds nothing that the peer could word.
  static func line(peer: PeerID?, address: Multiaddr, component: String, code: String) -> String {
    let ip = address.components.first?.valueText ?? "-"
    return
      "\(marker) ip=\(ip) peer=\(peer?.description ?? "-") addr=\(address) component=\(component) code=\(code)"
  }
}
