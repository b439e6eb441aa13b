/// A dictionary of bounded size that forgets what was not used for longest.
///
/// Every operation takes constant time.
struct LeastRecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Node {
    let key: Key
    var value: Value
    var newer: Int?
    var older: Int?
  }

  private let capacity: Int
  private var positions: [Key: Int] = [:]
  private var nodes: [Node?] = []
  private var free: [Int] = []
  private var newest: Int?
  private var oldest: Int?

  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { positions.count }
  var keys: some Collection<Key> { positions.keys }

  /// The value, which counts as a use.
  mutating func value(_ key: Key) -> Value? {
    guard let position = positions[key], let value = nodes[position]?.value else { return nil }
    unlink(position)
    linkNewest(position)
    return value
  }

  /// The value, which does not count as a use.
  func peek(_ key: Key) -> Value? {
    positions[key].flatMap { nodes[$0]?.value }
  }

  mutating func insert(_ value: Value, for key: Key) {
    if let position = positions[key] {
      nodes[position]?.value = value
      unlink(position)
      linkNewest(position)
      return
    }
    if positions.count == capacity, let oldest, let key = nodes[oldest]?.key { remove(key) }
    let node = Node(key: key, value: value)
    let position: Int
    if let reused = free.popLast() {
      nodes[reused] = node
      position = reused
    } else {
      position = nodes.count
      nodes.append(node)
    }
    positions[key] = position
    linkNewest(position)
  }

  @discardableResult
  mutating func remove(_ key: Key) -> Value? {
    guard let position = positions.removeValue(forKey: key) else { return nil }
    unlink(position)
    let value = nodes[position]?.value
    nodes[position] = nil
    free.append(position)
    return value
  }

  private mutating func unlink(_ position: Int) {
    guard let node = nodes[position] else { return }
    if let newer = node.newer { nodes[newer]?.older = node.older } else { newest = node.older }
    if let older = node.older { nodes[older]?.newer = node.newer } else { oldest = node.newer }
    nodes[position]?.newer = nil
    nodes[position]?.older = nil
  }

  private mutating func linkNewest(_ position: Int) {
    nodes[position]?.older = newest
    if let newest { nodes[newest]?.newer = position } else { oldest = position }
    newest = position
  }
}
