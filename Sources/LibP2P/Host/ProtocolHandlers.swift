/// Which handler serves which protocol: by id, or by a rule when no id matches.
struct ProtocolHandlers {
  private struct Rule {
    var name: String
    var matches: @Sendable (String) -> Bool
    var handler: PlacedHandler
  }

  private var byID: [String: PlacedHandler] = [:]
  private var rules: [Rule] = []

  /// The ids served, in alphabetical order; rules are not listed.
  var ids: [String] { byID.keys.sorted() }

  subscript(protocolID: String) -> PlacedHandler? {
    byID[protocolID] ?? rules.first { $0.matches(protocolID) }?.handler
  }

  /// Whether a handler serves `protocolID` by id.
  func names(_ protocolID: String) -> Bool { byID[protocolID] != nil }

  /// Serves `protocolID`, in place of an earlier handler; nil stops serving it.
  mutating func set(_ protocolID: String, _ handler: PlacedHandler?) { byID[protocolID] = handler }

  /// Serves what `matches` accepts, after the rules that were there before. A rule of the same name is replaced.
  mutating func set(
    rule name: String, _ matches: @escaping @Sendable (String) -> Bool, _ handler: PlacedHandler
  ) {
    remove(rule: name)
    rules.append(Rule(name: name, matches: matches, handler: handler))
  }

  mutating func remove(rule name: String) { rules.removeAll { $0.name == name } }
}
