/// Which client handles which protocol, as a value: by a unary handler on its persistent connection, or by a socket
/// that it listens on. Several clients may share a name, in turns.
struct HandlerRegistry {
  /// How streams of a protocol are handed on.
  enum Kind: Equatable {
    case unary
    case stream
  }

  /// Who handles.
  enum Owner: Hashable, Sendable {
    /// The persistent connection of this number.
    case link(UInt64)
    /// Whoever listens there.
    case listener(Multiaddr)
  }

  /// The process that registered a handler; 0 if the kernel didn't say.
  typealias ProcessID = Int32

  private struct Registration {
    let owner: Owner
    let process: ProcessID
  }

  private struct Turns {
    let kind: Kind
    var registrations: [Registration]
    var next = 0
  }

  /// Handlers of one process.
  let maximumPerProcess: Int
  private var turns: [String: Turns] = [:]
  private var counts: [ProcessID: Int] = [:]

  /// - Parameter maximumPerProcess: handlers of one process.
  init(maximumPerProcess: Int) { self.maximumPerProcess = maximumPerProcess }

  /// The names that are handled, in alphabetical order.
  var names: [String] { turns.keys.sorted() }

  /// How a protocol is handled; nil if it is not.
  func kind(of name: String) -> Kind? { turns[name]?.kind }

  /// Enters a handler.
  ///
  /// - Parameters:
  ///   - isBalanced: whether it takes turns with those that are there.
  ///   - claim: asked for the first handler of a name; false if the node serves the name itself.
  /// - Throws: ``ControlError`` `control.refused` with p2pd's words, `control.busy`.
  mutating func add(
    _ name: String, _ kind: Kind, _ owner: Owner, of process: ProcessID, isBalanced: Bool, claim: () -> Bool
  ) throws(ControlError) {
    guard counts[process, default: 0] < maximumPerProcess else {
      throw ControlError(.busy, "a client has \(maximumPerProcess) handlers, which is the limit")
    }
    if let existing = turns[name] {
      guard isBalanced, existing.kind == kind else { throw Self.taken(name) }
      // The same socket may be named again, as the Python bindings do.
      guard !existing.registrations.contains(where: { $0.owner == owner }) else {
        guard kind == .stream else { throw Self.taken(name) }
        return
      }
    } else {
      guard claim() else { throw Self.taken(name) }
      turns[name] = Turns(kind: kind, registrations: [])
    }
    turns[name]?.registrations.append(Registration(owner: owner, process: process))
    counts[process, default: 0] += 1
  }

  /// Takes a handler out.
  ///
  /// - Returns: whether nobody handles the name any more.
  /// - Throws: ``ControlError`` `control.refused` with p2pd's words.
  mutating func remove(_ name: String, _ owner: Owner) throws(ControlError) -> Bool {
    guard let existing = turns[name] else {
      throw ControlError(refused: "handler for protocol \(name) does not exist")
    }
    guard let position = existing.registrations.firstIndex(where: { $0.owner == owner }) else {
      let text =
        switch owner {
        case .link: "handler for protocol \(name) was not created in this persistent connection"
        case .listener(let address): "handler for protocol \(name) with maddr \(address) does not exist"
        }
      throw ControlError(refused: text)
    }
    return take(name, position)
  }

  /// Takes all handlers of an owner out.
  ///
  /// - Returns: the names that nobody handles any more.
  mutating func removeAll(_ owner: Owner) -> [String] { removeAll { $0.owner == owner } }

  /// Takes the sockets of a process out that has ended.
  ///
  /// - Returns: the names that nobody handles any more.
  mutating func removeListeners(of process: ProcessID) -> [String] {
    removeAll { registration in
      if case .listener = registration.owner { registration.process == process } else { false }
    }
  }

  /// Who handles the next stream of a protocol: whose turn it is, then the others, should it be unable to.
  mutating func turn(_ name: String, _ kind: Kind) -> [Owner] {
    guard var entry = turns[name], entry.kind == kind, !entry.registrations.isEmpty else { return [] }
    let start = entry.next % entry.registrations.count
    entry.next = (start + 1) % entry.registrations.count
    turns[name] = entry
    return (entry.registrations[start...] + entry.registrations[..<start]).map(\.owner)
  }

  private mutating func removeAll(where matches: (Registration) -> Bool) -> [String] {
    var freed: [String] = []
    for name in names {
      while let position = turns[name]?.registrations.firstIndex(where: matches) {
        if take(name, position) { freed.append(name) }
      }
    }
    return freed
  }

  /// - Returns: whether it was the last one of its name.
  private mutating func take(_ name: String, _ position: Int) -> Bool {
    guard var entry = turns[name], entry.registrations.indices.contains(position) else { return false }
    let process = entry.registrations.remove(at: position).process
    if position < entry.next { entry.next -= 1 }
    counts[process] = counts[process].flatMap { $0 > 1 ? $0 - 1 : nil }
    turns[name] = entry.registrations.isEmpty ? nil : entry
    return entry.registrations.isEmpty
  }

  private static func taken(_ name: String) -> ControlError {
    ControlError(refused: "handler for protocol \(name) already set")
  }
}
