import Substrate

extension Array: RuntimeArgument where Element: RuntimeArgument {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    let element = Element.declare(in: &types)
    return types.add("Vec<#\(element)>") { _ in PortableType(path: [], .sequence(element)) }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    self = try reader.readSequence { r throws(ScaleError) in try Element(from: &r) }
  }
}

extension Array: RuntimeValue where Element: RuntimeValue {
  func encode(to writer: inout ScaleWriter) {
    writer.write(self) { $0.encode(to: &$1) }
  }
}

/// Names and other free text are keys of maps.
extension Array: RuntimeKey where Element == UInt8 {}

extension Optional: RuntimeArgument where Wrapped: RuntimeArgument {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    let wrapped = Wrapped.declare(in: &types)
    return types.add("Option<#\(wrapped)>") { _ in
      PortableType(
        path: ["Option"], parameters: [.init("T", wrapped)],
        .variant([.init(0, "None"), .init(1, "Some", [.init(nil, wrapped)])]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    self = try reader.readOption { r throws(ScaleError) in try Wrapped(from: &r) }
  }
}

extension Optional: RuntimeValue where Wrapped: RuntimeValue {
  func encode(to writer: inout ScaleWriter) {
    writer.write(option: self) { $0.encode(to: &$1) }
  }
}

/// Two values side by side: a tuple of the runtime.
struct Pair<First: RuntimeValue, Second: RuntimeValue>: RuntimeValue {
  var first: First
  var second: Second

  init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    let parts = [First.declare(in: &types), Second.declare(in: &types)]
    return types.tuple(parts)
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    first = try First(from: &reader)
    second = try Second(from: &reader)
  }
  func encode(to writer: inout ScaleWriter) {
    first.encode(to: &writer)
    second.encode(to: &writer)
  }
}

/// A map in the order of its keys, as the runtime keeps its own.
struct SortedMap<Key: RuntimeValue & Comparable, Value: RuntimeValue>: RuntimeValue {
  private(set) var entries: [(key: Key, value: Value)] = []

  init() {}

  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }
  var keys: [Key] { entries.map(\.key) }
  var values: [Value] { entries.map(\.value) }

  /// The place of `key`, or where it belongs.
  private func place(of key: Key) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  subscript(key: Key) -> Value? {
    get {
      let at = place(of: key)
      return at < entries.count && entries[at].key == key ? entries[at].value : nil
    }
    set {
      let at = place(of: key)
      let isThere = at < entries.count && entries[at].key == key
      switch (newValue, isThere) {
      case (let value?, true): entries[at].value = value
      case (let value?, false): entries.insert((key, value), at: at)
      case (nil, true): entries.remove(at: at)
      case (nil, false): break
      }
    }
  }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    let key = Key.declare(in: &types)
    let value = Value.declare(in: &types)
    return types.add("BTreeMap<#\(key),#\(value)>") { types in
      let pair = types.tuple([key, value])
      let pairs = types.add("Vec<#\(pair)>") { _ in PortableType(path: [], .sequence(pair)) }
      return PortableType(
        path: ["BTreeMap"], parameters: [.init("K", key), .init("V", value)], .composite([.init(nil, pairs)]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    let pairs = try [Pair<Key, Value>](from: &reader)
    for pair in pairs { self[pair.first] = pair.second }
  }
  func encode(to writer: inout ScaleWriter) {
    writer.write(entries) { entry, writer in
      entry.key.encode(to: &writer)
      entry.value.encode(to: &writer)
    }
  }
}

/// A set in order.
struct SortedSet<Element: RuntimeValue & Comparable>: RuntimeValue {
  private var members = SortedMap<Element, Nothing>()

  init() {}

  init(_ elements: some Sequence<Element>) {
    for element in elements { insert(element) }
  }

  var isEmpty: Bool { members.isEmpty }
  var count: Int { members.count }
  var elements: [Element] { members.keys }

  func contains(_ element: Element) -> Bool { members[element] != nil }
  mutating func insert(_ element: Element) { members[element] = Nothing() }
  mutating func remove(_ element: Element) { members[element] = nil }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    let element = Element.declare(in: &types)
    return types.add("BTreeSet<#\(element)>") { types in
      let list = types.add("Vec<#\(element)>") { _ in PortableType(path: [], .sequence(element)) }
      return PortableType(path: ["BTreeSet"], parameters: [.init("T", element)], .composite([.init(nil, list)]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) { self.init(try [Element](from: &reader)) }
  func encode(to writer: inout ScaleWriter) { elements.encode(to: &writer) }
}

/// The type without content.
struct Nothing: RuntimeValue {
  static func declare(in types: inout TypeCatalog) -> TypeID { types.tuple([]) }
  init() {}
  init(from reader: inout ScaleReader) throws(ScaleError) {}
  func encode(to writer: inout ScaleWriter) {}
}
