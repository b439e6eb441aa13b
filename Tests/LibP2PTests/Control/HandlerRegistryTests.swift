import Testing

@testable import LibP2P

@Suite("Handlers of control clients")
struct HandlerRegistryTests {
  private let first = HandlerRegistry.Owner.link(1)
  private let second = HandlerRegistry.Owner.link(2)

  private func add(
    _ registry: inout HandlerRegistry, _ name: String, _ owner: HandlerRegistry.Owner,
    kind: HandlerRegistry.Kind = .unary, process: Int32 = 1, balanced: Bool = false, isFree: Bool = true
  ) throws(ControlError) {
    try registry.add(name, kind, owner, of: process, isBalanced: balanced) { isFree }
  }

  /// In what words a handler is refused; nil if it is taken.
  private func refusal(
    _ registry: inout HandlerRegistry, _ name: String, _ owner: HandlerRegistry.Owner,
    kind: HandlerRegistry.Kind = .unary, balanced: Bool = false, isFree: Bool = true
  ) -> String? {
    do throws(ControlError) {
      try add(&registry, name, owner, kind: kind, balanced: balanced, isFree: isFree)
      return nil
    } catch {
      return error.text ?? error.code
    }
  }

  /// In what words removing is refused; nil if it is done.
  private func removal(_ registry: inout HandlerRegistry, _ name: String, _ owner: HandlerRegistry.Owner) -> String? {
    do throws(ControlError) {
      _ = try registry.remove(name, owner)
      return nil
    } catch {
      return error.text
    }
  }

  @Test("Issue 5: a name that one client handles is refused to a second that does not balance, in p2pd's words")
  func taken() throws {
    var registry = HandlerRegistry(maximumPerProcess: 8)
    try add(&registry, "a", first)
    let unbalanced = refusal(&registry, "a", second)
    #expect(unbalanced == "handler for protocol a already set")
    let otherKind = refusal(&registry, "a", second, kind: .stream, balanced: true)
    #expect(otherKind == "handler for protocol a already set", "one name is handled in one way")
    let own = refusal(&registry, "b", second, isFree: false)
    #expect(own == "handler for protocol b already set", "what the node serves is taken")
    #expect(registry.names == ["a"])
  }

  @Test("P-59: balanced clients take turns, also when one goes")
  func turns() throws {
    var registry = HandlerRegistry(maximumPerProcess: 8)
    let third = HandlerRegistry.Owner.link(3)
    for owner in [first, second, third] { try add(&registry, "a", owner, balanced: true) }
    let heads = (0..<6).compactMap { _ in registry.turn("a", .unary).first }
    #expect(heads == [first, second, third, first, second, third])
    let turn = registry.turn("a", .unary)
    #expect(turn == [first, second, third], "the others stand behind, should the first be busy")
    let freed = registry.removeAll(first)
    #expect(freed.isEmpty)
    let left = (0..<4).compactMap { _ in registry.turn("a", .unary).first }
    #expect(left == [second, third, second, third])
    let streams = registry.turn("a", .stream)
    #expect(streams.isEmpty)
  }

  @Test("Removing follows p2pd's words, and the last one frees the name")
  func removing() throws {
    var registry = HandlerRegistry(maximumPerProcess: 8)
    try add(&registry, "a", first, balanced: true)
    try add(&registry, "a", second, balanced: true)
    let unknown = removal(&registry, "b", first)
    #expect(unknown == "handler for protocol b does not exist")
    let foreign = removal(&registry, "a", .link(9))
    #expect(foreign == "handler for protocol a was not created in this persistent connection")
    let (isFirst, isSecond) = (try registry.remove("a", first), try registry.remove("a", second))
    #expect(!isFirst && isSecond)
    #expect(registry.kind(of: "a") == nil)
  }

  @Test("A socket named again is no second turn, and the sockets of a process go with it")
  func listeners() throws {
    var registry = HandlerRegistry(maximumPerProcess: 8)
    let here = HandlerRegistry.Owner.listener(try Multiaddr("/unix/tmp/here.sock"))
    let there = HandlerRegistry.Owner.listener(try Multiaddr("/unix/tmp/there.sock"))
    try add(&registry, "a", here, kind: .stream, process: 7)
    try add(&registry, "a", here, kind: .stream, process: 7, balanced: true)
    let once = registry.turn("a", .stream)
    #expect(once == [here])
    try add(&registry, "a", there, kind: .stream, process: 8, balanced: true)
    try add(&registry, "b", here, kind: .stream, process: 7)
    let freed = registry.removeListeners(of: 7)
    #expect(freed == ["b"])
    let left = registry.turn("a", .stream)
    #expect(left == [there])
  }

  @Test("A process has so many handlers and no more, and gets places back")
  func limit() throws {
    var registry = HandlerRegistry(maximumPerProcess: 2)
    try add(&registry, "a", first)
    try add(&registry, "b", first)
    let beyond = refusal(&registry, "c", first)
    #expect(beyond == "control.busy")
    try add(&registry, "c", second, process: 2)
    _ = try registry.remove("a", first)
    try add(&registry, "d", first)
  }
}
