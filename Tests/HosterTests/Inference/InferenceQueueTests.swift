import Testing

@testable import Hoster

@Suite("The queue of requests")
struct InferenceQueueTests {
  private typealias ID = InferenceQueue.RequestID

  private static func limits(running: Int = 1, perPeer: Int = .max) -> InferenceLimits {
    var limits = InferenceLimits()
    limits.running = running
    limits.runningPerPeer = perPeer
    limits.waiting = 4
    limits.waitingPerPeer = 3
    return limits
  }

  /// Runs what waits, one at a time, and says in which order.
  private func drain(_ queue: inout InferenceQueue) -> [ID] {
    var order: [ID] = []
    while let id = queue.admit() {
      order.append(id)
      queue.finish(id)
    }
    return order
  }

  @Test("P-84 lower priority numbers go first, first come first served among equals")
  func order() throws {
    var queue = InferenceQueue(limits: Self.limits())
    let ids = try [10, 10, 0, 5, 0, 10].enumerated().map {
      try queue.submit(peer: "\($0.offset)", priority: $0.element)
    }
    #expect(drain(&queue) == [2, 4, 3, 0, 1, 5].map { ids[$0] })
    #expect(queue.waiting == 0 && queue.running == 0)
  }

  @Test("P-84 requests of one peer keep their order")
  func fifo() throws {
    var queue = InferenceQueue(limits: Self.limits())
    let ids = try (0..<3).map { _ in try queue.submit(peer: "a", priority: 10) }
    #expect(drain(&queue) == ids)
  }

  @Test("A peer that sends many lets each other peer's request go between")
  func fairness() throws {
    var queue = InferenceQueue(limits: Self.limits())
    let a = try (0..<3).map { _ in try queue.submit(peer: "a", priority: 10) }
    let b = try queue.submit(peer: "b", priority: 10)
    #expect(queue.admit() == a[0])
    let late = try (0..<1).map { _ in try queue.submit(peer: "c", priority: 10) }
    queue.finish(a[0])
    #expect(drain(&queue) == [b, a[1], late[0], a[2]])
  }

  @Test("No more run at a time than may, and no more of one peer")
  func running() throws {
    var queue = InferenceQueue(limits: Self.limits(running: 3, perPeer: 2))
    let a = try (0..<3).map { _ in try queue.submit(peer: "a", priority: 0) }
    let b = try queue.submit(peer: "b", priority: 10)
    #expect((queue.admit(), queue.admit(), queue.admit()) == (a[0], a[1], b))
    #expect(queue.admit() == nil && queue.running == 3 && queue.waiting == 1)
    queue.finish(b)
    #expect(queue.admit() == nil)
    queue.finish(a[1])
    #expect(queue.admit() == a[2])
  }

  @Test("The tokens of what runs keep their limit, and nothing overtakes what has no room yet")
  func tokens() throws {
    var limits = InferenceLimits(running: 8, tokens: 100)
    limits.runningTokensPerPeer = 100
    var queue = InferenceQueue(limits: limits)
    let first = try queue.submit(peer: "a", priority: 10, tokens: 60)
    let large = try queue.submit(peer: "b", priority: 10, tokens: 50)
    let small = try queue.submit(peer: "c", priority: 10, tokens: 1)
    #expect(queue.admit() == first && queue.admit() == nil && queue.runningTokens == 60)
    queue.finish(first)
    #expect((queue.admit(), queue.admit()) == (large, small))
    #expect(queue.runningTokens == 51)
  }

  @Test("What is larger than all that may run is computed alone")
  func oversized() throws {
    var queue = InferenceQueue(limits: InferenceLimits(running: 8, tokens: 100))
    let ids = try [10, 1_000_000, 10].map { try queue.submit(peer: "a", priority: 10, tokens: $0) }
    #expect(queue.admit() == ids[0] && queue.admit() == nil)
    queue.finish(ids[0])
    #expect(queue.admit() == ids[1] && queue.admit() == nil && queue.runningTokens == 100)
    queue.finish(ids[1])
    #expect(queue.admit() == ids[2] && queue.runningTokens == 10)
  }

  @Test("One peer's tokens leave room for another's request, and don't hold it up")
  func tokensOfPeers() throws {
    var queue = InferenceQueue(limits: InferenceLimits(running: 8, tokens: 100))
    let a = try (0..<3).map { _ in try queue.submit(peer: "a", priority: 10, tokens: 30) }
    let b = try queue.submit(peer: "b", priority: 10, tokens: 25)
    // 75 of the 100 may be one peer's.
    #expect((queue.admit(), queue.admit(), queue.admit()) == (a[0], b, a[1]))
    #expect(queue.admit() == nil && queue.runningTokens == 85)
    queue.finish(b)
    #expect(queue.admit() == nil)
    queue.finish(a[0])
    #expect(queue.admit() == a[2])
  }

  @Test("A full queue refuses by priority and by peer, with a code for each")
  func bounds() throws {
    var queue = InferenceQueue(limits: Self.limits())
    for _ in 0..<3 { _ = try queue.submit(peer: "a", priority: 10) }
    #expect { try queue.submit(peer: "a", priority: 0) } throws: { ($0 as? InferenceError)?.kind == .peerQueueFull }
    _ = try queue.submit(peer: "b", priority: 10)
    #expect { try queue.submit(peer: "c", priority: 10) } throws: { ($0 as? InferenceError)?.kind == .queueFull }
    let validator = try queue.submit(peer: "c", priority: 0)
    #expect(queue.admit() == validator)
  }

  @Test("What is withdrawn is never run, what runs can't be withdrawn, and nothing counts twice")
  func withdrawal() throws {
    var queue = InferenceQueue(limits: Self.limits())
    let a = try (0..<3).map { _ in try queue.submit(peer: "a", priority: 10) }
    #expect(queue.admit() == a[0])
    #expect(!queue.withdraw(a[0]) && queue.withdraw(a[1]) && !queue.withdraw(a[1]))
    queue.finish(a[1])
    queue.finish(a[2])
    #expect(queue.running == 1 && queue.waiting == 1)
    queue.finish(a[0])
    queue.finish(a[0])
    #expect(drain(&queue) == [a[2]])
  }

  @Test("Any sequence of calls keeps the limits and the counts, and serves everything in the end", arguments: 0..<20)
  func properties(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var limits = Self.limits(running: 3, perPeer: 2)
    (limits.runningTokens, limits.runningTokensPerPeer) = (10, 7)
    var queue = InferenceQueue(limits: limits)
    var waiting: Set<ID> = []
    var running: [ID] = []
    var owners: [ID: String] = [:]
    for _ in 0..<500 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1:
        let peer = "\(Int.random(in: 0..<5, using: &random))"
        let (priority, tokens) = (UInt8.random(in: 0..<3, using: &random), Int.random(in: 1..<15, using: &random))
        if let id = try? queue.submit(peer: peer, priority: priority, tokens: tokens) {
          waiting.insert(id)
          owners[id] = peer
        }
      case 2:
        if let id = queue.admit() {
          try #require(waiting.remove(id) != nil)
          running.append(id)
        }
      case 3:
        if let id = running.randomElement(using: &random) {
          running.removeAll { $0 == id }
          queue.finish(id)
        }
      default:
        if let id = waiting.union(running).randomElement(using: &random) {
          #expect(queue.withdraw(id) == (waiting.remove(id) != nil))
        }
      }
      #expect(queue.waiting == waiting.count && queue.running == running.count && running.count <= limits.running)
      #expect(queue.runningTokens <= limits.runningTokens && (queue.runningTokens == 0) == running.isEmpty)
      for peer in Set(owners.values) {
        #expect(running.count { owners[$0] == peer } <= limits.runningPerPeer)
        #expect(waiting.count { owners[$0] == peer } <= limits.waitingPerPeer)
      }
    }
    running.forEach { queue.finish($0) }
    #expect(Set(drain(&queue)) == waiting)
  }
}
