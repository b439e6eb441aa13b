import NIOCore

/// A socket address to try, and the multiaddr it came from.
struct DialTarget: Hashable, Sendable {
  var address: Multiaddr
  var socket: SocketAddress

  /// Targets tried for one peer; strangers may advertise any number.
  static let maximumCount = 16

  /// Puts targets in the order of RFC 8305 §4: the families take turns, IPv6 first, each in the order given.
  /// What appears twice is tried once.
  static func ordered(_ targets: [DialTarget]) -> [DialTarget] {
    var seen: Set<SocketAddress> = []
    let unique = targets.filter { seen.insert($0.socket).inserted }
    let ip6 = unique.filter(\.isIPv6)
    let ip4 = unique.filter { !$0.isIPv6 }
    let turns = (0..<max(ip6.count, ip4.count)).flatMap { turn in
      [ip6, ip4].compactMap { turn < $0.count ? $0[turn] : nil }
    }
    return Array(turns.prefix(maximumCount))
  }

  private var isIPv6: Bool { if case .v6 = socket { true } else { false } }
}
