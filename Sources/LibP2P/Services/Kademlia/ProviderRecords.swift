import NIOCore

/// Who said that they provide what a key names, as long as their word counts.
///
/// Peers speak for themselves only, and a bounded number of keys and providers is kept, so that nobody can make it
/// grow or put another in. Where providers are reached stands in the ``PeerStore``.
struct ProviderRecords: Sendable {
  /// How long a word counts without being repeated (libp2p "kad-dht" specification, "Content provider advertisement").
  static let lifetime = TimeAmount.hours(48)
  /// Keys remembered; the one whose last word is oldest goes first.
  static let maximumKeys = 1_024
  /// Providers remembered of one key, and told in one answer.
  static let maximumProviders = RoutingTable.bucketSize

  private var providers: [[UInt8]: [PeerID: NIODeadline]] = [:]

  /// Notes that `peer` provides `key`.
  mutating func add(_ peer: PeerID, of key: [UInt8], now: NIODeadline) {
    var known = current(key, now: now)
    known[peer] = now + Self.lifetime
    if known.count > Self.maximumProviders, let oldest = known.min(by: { $0.value < $1.value }) {
      known[oldest.key] = nil
    }
    providers[key] = known
    if providers.count > Self.maximumKeys, let oldest = providers.min(by: { Self.end($0.value) < Self.end($1.value) }) {
      providers[oldest.key] = nil
    }
  }

  /// The providers of `key`, those who said so last first.
  func providers(of key: [UInt8], now: NIODeadline) -> [PeerID] {
    current(key, now: now).sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }

  private func current(_ key: [UInt8], now: NIODeadline) -> [PeerID: NIODeadline] {
    (providers[key] ?? [:]).filter { $0.value > now }
  }

  private static func end(_ providers: [PeerID: NIODeadline]) -> NIODeadline {
    providers.values.max() ?? .uptimeNanoseconds(0)
  }
}
