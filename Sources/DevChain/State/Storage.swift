import Substrate

/// The chain's state: values by key, ordered by key, with layers that can be taken back.
struct Storage: Sendable {
  private var values: [[UInt8]: [UInt8]] = [:]
  /// All keys in order, for reading by prefix.
  private var order: [[UInt8]] = []
  /// What each open layer found where it wrote, innermost last; nil where there was nothing.
  private var layers: [Changes] = []

  /// Values to put back or to set, by key; nil removes.
  typealias Changes = [[UInt8]: [UInt8]?]

  init() {}

  init(_ values: [[UInt8]: [UInt8]]) {
    self.values = values
    order = values.keys.sorted { $0.lexicographicallyPrecedes($1) }
  }

  var count: Int { order.count }
  /// Bytes of all keys and values.
  var size: Int { values.reduce(0) { $0 + $1.key.count + $1.value.count } }
  var all: [[UInt8]: [UInt8]] { values }

  // MARK: Raw

  func raw(_ key: [UInt8]) -> [UInt8]? { values[key] }

  mutating func set(_ key: [UInt8], _ value: [UInt8]?) {
    let before = values[key]
    if let innermost = layers.indices.last, layers[innermost][key] == nil {
      layers[innermost].updateValue(before, forKey: key)
    }
    put(key, value, before)
  }

  private mutating func put(_ key: [UInt8], _ value: [UInt8]?, _ before: [UInt8]?) {
    values[key] = value
    switch (before, value) {
    case (nil, .some): order.insert(key, at: place(of: key))
    case (.some, nil): order.remove(at: place(of: key))
    default: break
    }
  }

  private func place(of key: [UInt8]) -> Int {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if order[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Keys that start with `prefix`, in order.
  ///
  /// - Parameters:
  ///   - start: only keys behind this one.
  ///   - limit: how many at most.
  func keys(_ prefix: [UInt8], after start: [UInt8]? = nil, limit: Int = .max) -> [[UInt8]] {
    var at = place(of: prefix)
    if let start, !start.lexicographicallyPrecedes(prefix) {
      at = place(of: start)
      if at < order.count, order[at] == start { at += 1 }
    }
    var keys: [[UInt8]] = []
    while at < order.count, keys.count < limit, order[at].starts(with: prefix) {
      keys.append(order[at])
      at += 1
    }
    return keys
  }

  mutating func removeAll(_ prefix: [UInt8]) {
    for key in keys(prefix) { set(key, nil) }
  }

  // MARK: Layers

  /// Opens a layer: what is written from here on can be taken back in one go.
  mutating func begin() { layers.append([:]) }

  /// Keeps what the innermost layer wrote.
  ///
  /// - Returns: what stood there before.
  @discardableResult
  mutating func commit() -> Changes {
    guard let closed = layers.popLast() else { return [:] }
    if let outer = layers.indices.last {
      layers[outer].merge(closed) { earlier, _ in earlier }
    }
    return closed
  }

  /// Takes back what the innermost layer wrote.
  mutating func rollback() {
    guard let closed = layers.popLast() else { return }
    for (key, value) in closed { put(key, value, values[key]) }
  }

  /// The values that stand now where `changes` names a key.
  func current(of changes: Changes) -> Changes {
    changes.reduce(into: [:]) { $0.updateValue(values[$1.key], forKey: $1.key) }
  }

  /// Sets values outside of any layer.
  mutating func apply(_ changes: Changes) {
    for (key, value) in changes { put(key, value, values[key]) }
  }
}

/// Typed access. Bytes that are no value of the type, which only a loaded state can hold, read as nothing.
extension Storage {
  func stored<Value: RuntimeValue>(_ slot: Slot<Value>) -> Value? {
    values[slot.key].flatMap { try? Value(encoded: $0) }
  }

  func contains<Value: RuntimeValue>(_ slot: Slot<Value>) -> Bool { values[slot.key] != nil }

  mutating func set<Value: RuntimeValue>(_ slot: Slot<Value>, _ value: Value) { set(slot.key, value.encoded) }

  mutating func remove<Value: RuntimeValue>(_ slot: Slot<Value>) { set(slot.key, nil) }

  /// Takes a value out.
  mutating func take<Value: RuntimeValue>(_ slot: Slot<Value>) -> Value? {
    let value = stored(slot)
    remove(slot)
    return value
  }

  /// Changes a value where there is one.
  mutating func update<Value: RuntimeValue>(_ slot: Slot<Value>, _ change: (inout Value) -> Void) {
    guard var value = stored(slot) else { return }
    change(&value)
    set(slot, value)
  }

  subscript<Value: RuntimeValue>(slot: DefaultedSlot<Value>) -> Value {
    get { stored(slot) ?? slot.fallback }
    set { set(slot.key, newValue.encoded) }
  }

  /// What is stored, without the default.
  func stored<Value: RuntimeValue>(_ slot: DefaultedSlot<Value>) -> Value? {
    values[slot.key].flatMap { try? Value(encoded: $0) }
  }

  func contains<Value: RuntimeValue>(_ slot: DefaultedSlot<Value>) -> Bool { values[slot.key] != nil }

  mutating func remove<Value: RuntimeValue>(_ slot: DefaultedSlot<Value>) { set(slot.key, nil) }

  mutating func take<Value: RuntimeValue>(_ slot: DefaultedSlot<Value>) -> Value {
    let value = self[slot]
    remove(slot)
    return value
  }

  /// The entries of a map whose keys start with `start`, in the order of their keys. The keys come without `start`.
  func entries<Item: StorageDeclaration>(
    _ item: Item, under start: [UInt8] = []
  ) -> [(rest: [UInt8], value: Item.Value)] {
    keys(item.prefix + start).compactMap { key in
      values[key].flatMap { try? Item.Value(encoded: $0) }
        .map { (Array(key.dropFirst(item.prefix.count + start.count)), $0) }
    }
  }
}
