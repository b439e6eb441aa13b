private import Synchronization

/// Remembers the highest final block that was used, so that nothing is ever decided on an older view.
final class FinalityGuard: Sendable {
  private let highest = Mutex<BlockReference?>(nil)

  /// Takes in the final head that an endpoint gave.
  ///
  /// - Throws: ``ChainError`` `staleView` if it is behind one that was used, `wrongChain` if it is another
  ///   block of the same height: what is final has one hash.
  func admit(_ block: BlockReference) throws(ChainError) {
    let known = highest.withLock { highest in
      let known = highest
      if known.map({ block.number > $0.number }) ?? true { highest = block }
      return known
    }
    guard let known, block.number <= known.number else { return }
    if block.number < known.number {
      throw ChainError(.staleView, "an endpoint is at final block \(block.number); \(known.number) was used before")
    }
    if block.hash != known.hash {
      throw ChainError(.wrongChain, "an endpoint calls \(block) final, another one \(known)")
    }
  }
}
