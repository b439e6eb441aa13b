import Synchronization

/// How often an engine has begun to look at its duties: each time that it has its journal plan one.
final class Looks: Sendable {
  private struct State {
    var all = 0
    /// Those before the newest block.
    var old = 0
  }

  private let state = Mutex(State())

  func begin() { state.withLock { $0.all += 1 } }

  /// A block is about to be made.
  func age() { state.withLock { $0.old = $0.all } }

  /// Whether one began since the newest block.
  var areNew: Bool { state.withLock { $0.all > $0.old } }
}
