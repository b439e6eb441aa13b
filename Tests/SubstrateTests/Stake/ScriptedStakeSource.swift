import Synchronization

@testable import Substrate

/// Answers as a test tells it to, and can be held until the test lets it go.
final class ScriptedStakeSource: StakeSource {
  private struct State {
    var answers: [String: Bool] = [:]
    var failure: (any Error)?
    var block: UInt64 = 100
    var asked: [String] = []
    var isHeld = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  var asked: [String] { state.withLock { $0.asked } }
  func set(_ peer: String, _ isStaked: Bool) { state.withLock { $0.answers[peer] = isStaked } }
  func fail(_ error: (any Error)?) { state.withLock { $0.failure = error } }
  func move(to block: UInt64) { state.withLock { $0.block = block } }
  func hold() { state.withLock { $0.isHeld = true } }

  func release() {
    let waiting = state.withLock { state in
      state.isHeld = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func isStaked(_ peerID: String, _ requirement: StakeRequirement) async throws -> StakeAnswer {
    // The answer belongs to the block at which it was asked for, however long it takes.
    let (answer, failure, block) = state.withLock { state in
      state.asked.append(peerID)
      return (state.answers[peerID] ?? false, state.failure, state.block)
    }
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.isHeld { state.waiting.append(continuation) }
        return !state.isHeld
      }
      if goesOn { continuation.resume() }
    }
    if let failure { throw failure }
    guard let hash = BlockHash([UInt8](repeating: 1, count: 32)) else { throw CancellationError() }
    return StakeAnswer(isStaked: answer, block: BlockReference(number: block, hash: hash))
  }
}
