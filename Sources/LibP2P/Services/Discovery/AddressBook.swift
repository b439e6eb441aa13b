public import NIOCore

/// Where peers may be reached, for as long as it is worth knowing. Peers, addresses and time are bounded, whatever
/// strangers advertise (CVE-2023-40583).
public struct AddressBook: Sendable {
  /// Peers remembered; those whose addresses end first are forgotten first.
  public static let maximumPeers = 4_096
  /// Addresses remembered of one peer.
  public static let maximumAddresses = IdentifyMessage.maximumAddresses

  /// How an address was learned, which says how long it is kept.
  public enum Source: Sendable {
    /// A third peer named it.
    case hearsay
    /// The peer itself named it, or answered at it.
    case peer
    /// The operator configured it.
    case configuration

    var lifetime: TimeAmount {
      switch self {
      case .hearsay: .minutes(10)
      case .peer: .minutes(60)
      case .configuration: .hours(24 * 365)
      }
    }
  }

  private struct Known: Comparable {
    var source: Source
    var until: NIODeadline

    static func < (left: Known, right: Known) -> Bool { left.until < right.until }
  }

  private struct Entry {
    var addresses: [Multiaddr: Known] = [:]
    var recordSequence: UInt64?

    /// When the entry has nothing left to say.
    var end: NIODeadline { addresses.values.max()?.until ?? .uptimeNanoseconds(0) }
  }

  private var entries: [PeerID: Entry] = [:]

  /// An empty book.
  public init() {}

  /// The number of peers.
  public var count: Int { entries.count }

  /// Whether an address is worth telling to a node at `remote`, or worth dialing when a peer at `remote` told it: a
  /// stranger must not send this node into its own private network (threats.md part 2, "private address dialing").
  public static func isUsable(_ address: Multiaddr, across remote: Multiaddr) -> Bool {
    switch address.scope {
    case .global: true
    case nil: address.tcpEndpoint != nil
    case .loopback: remote.scope == .loopback
    case .privateNetwork: remote.scope == .privateNetwork || remote.scope == .loopback
    case .unspecified, .linkLocal, .unroutable: false
    }
  }

  /// Notes addresses of `peer`.
  public mutating func add(_ addresses: [Multiaddr], of peer: PeerID, from source: Source, now: NIODeadline) {
    let news = Known(source: source, until: now + source.lifetime)
    var entry = entries[peer] ?? Entry()
    entry.addresses = entry.addresses.filter { $0.value.until > now }
    for address in addresses.prefix(Self.maximumAddresses) {
      entry.addresses[address] = max(entry.addresses[address] ?? news, news)
    }
    while entry.addresses.count > Self.maximumAddresses,
      let oldest = entry.addresses.min(by: { $0.value < $1.value })
    {
      entry.addresses[oldest.key] = nil
    }
    guard !entry.addresses.isEmpty else { return }
    entries[peer] = entry
    if entries.count > Self.maximumPeers { shrink(now: now) }
  }

  /// Takes over what a peer signed.
  ///
  /// - Parameter remote: the other end of the connection that it came over.
  /// - Returns: false for a record that is not newer than the last.
  @discardableResult
  public mutating func take(_ record: SignedPeerRecord, across remote: Multiaddr, now: NIODeadline) -> Bool {
    if let last = entries[record.peer]?.recordSequence, last >= record.sequence { return false }
    let usable = record.addresses.filter { Self.isUsable($0, across: remote) }
    add(usable, of: record.peer, from: .peer, now: now)
    entries[record.peer]?.recordSequence = record.sequence
    return true
  }

  /// Drops what was learned of `peer`; what the operator configured stays.
  public mutating func forgetLearned(of peer: PeerID) {
    guard var entry = entries[peer] else { return }
    entry.addresses = entry.addresses.filter { $0.value.source == .configuration }
    entries[peer] = entry.addresses.isEmpty ? nil : entry
  }

  /// The addresses of `peer` that still count, those kept longest first.
  public func addresses(of peer: PeerID, now: NIODeadline) -> [Multiaddr] {
    (entries[peer]?.addresses ?? [:]).filter { $0.value.until > now }
      .sorted { ($1.value, $0.key.description) < ($0.value, $1.key.description) }
      .map(\.key)
  }

  /// Drops what is over, and if that does not suffice, an eighth of the peers: those that end first.
  private mutating func shrink(now: NIODeadline) {
    entries = entries.filter { $0.value.end > now }
    guard entries.count > Self.maximumPeers else { return }
    let ordered = entries.sorted { $0.value.end < $1.value.end }.prefix(Self.maximumPeers / 8)
    for (peer, _) in ordered { entries[peer] = nil }
  }
}
