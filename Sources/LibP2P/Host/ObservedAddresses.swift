/// The addresses under which others see this node, as they report them by identify.
///
/// One peer may lie or sit in the same network, so an address counts once peers from several networks agree on it.
struct ObservedAddresses {
  /// Networks that have to agree.
  static let confirmations = 3
  /// Addresses remembered; the one with the fewest reports goes first.
  static let maximumAddresses = 32
  /// Reports kept for each address.
  static let maximumReports = 16

  private var reports: [Multiaddr: Set<AddressGroup>] = [:]

  /// Notes what a peer at `observer` reported; only public addresses tell anything.
  mutating func report(_ address: Multiaddr, by observer: Multiaddr) {
    guard let address = address.withoutPeer, address.scope == .global, address.tcpEndpoint != nil,
      let group = AddressGroup(observer), reports[address, default: []].count < Self.maximumReports
    else { return }
    reports[address, default: []].insert(group)
    if reports.count > Self.maximumAddresses {
      let rarest = reports.filter { $0.key != address }.min { $0.value.count < $1.value.count }
      if let rarest { reports[rarest.key] = nil }
    }
  }

  /// The addresses that enough networks agree on, those with the most reports first.
  var confirmed: [Multiaddr] {
    reports.filter { $0.value.count >= Self.confirmations }
      .sorted { ($1.value.count, $0.key.description) < ($0.value.count, $1.key.description) }
      .map(\.key)
  }
}
