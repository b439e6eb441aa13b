import DequeModule

/// Who comes next of those who wait: lower priority numbers first; at one priority the peers take turns, and what is of
/// one peer comes in the order in which it came (P-84). So a peer with much delays another by one turn at most.
///
/// A value without tasks or time, and without bounds of its own.
struct PeerTurns<Element: Sendable>: Sendable {
  /// What waits at one priority.
  private struct Lane {
    /// Peers with something that waits; whose turn is next comes first.
    var peers = Deque<String>()
    var elements: [String: Deque<Element>] = [:]
    var count = 0
  }

  private var lanes: [UInt8: Lane] = [:]

  /// How many wait.
  var count: Int { lanes.values.reduce(0) { $0 + $1.count } }

  /// How many wait at a priority.
  func count(at priority: UInt8) -> Int { lanes[priority]?.count ?? 0 }

  mutating func append(_ element: Element, of peer: String, at priority: UInt8) {
    var lane = lanes.removeValue(forKey: priority) ?? Lane()
    if lane.elements[peer] == nil { lane.peers.append(peer) }
    lane.elements[peer, default: []].append(element)
    lane.count += 1
    lanes[priority] = lane
  }

  /// Takes what comes next, and so ends its peer's turn.
  ///
  /// - Parameter isAllowed: which of the peers' first elements may come now. The others keep their place.
  mutating func popFirst(where isAllowed: (String, Element) -> Bool = { _, _ in true }) -> Element? {
    for priority in lanes.keys.sorted() {
      guard var lane = lanes[priority],
        let turn = lane.peers.firstIndex(where: { peer in
          lane.elements[peer]?.first.map { isAllowed(peer, $0) } ?? false
        })
      else { continue }
      lanes[priority] = nil
      let peer = lane.peers.remove(at: turn)
      let element = lane.elements[peer]?.popFirst()
      if lane.elements[peer]?.isEmpty ?? true {
        lane.elements[peer] = nil
      } else {
        lane.peers.append(peer)
      }
      lane.count -= 1
      if lane.count > 0 { lanes[priority] = lane }
      return element
    }
    return nil
  }

  /// Gives up what waits. The peer keeps its turn for what else it has.
  mutating func removeAll(of peer: String, at priority: UInt8, where isGone: (Element) -> Bool) {
    guard var lane = lanes[priority], var elements = lane.elements[peer] else { return }
    lanes[priority] = nil
    lane.count -= elements.count
    elements.removeAll(where: isGone)
    lane.count += elements.count
    lane.elements[peer] = elements.isEmpty ? nil : elements
    if elements.isEmpty { lane.peers.removeAll { $0 == peer } }
    if lane.count > 0 { lanes[priority] = lane }
  }
}
