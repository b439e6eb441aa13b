import Testing

@testable import Substrate

@Suite("Following an extrinsic through reorganisations")
struct ExtrinsicTrackerTests {
  private func block(_ number: UInt64, _ fork: UInt8 = 0) -> BlockReference {
    let bytes = (0..<32).map { $0 == 0 ? fork : UInt8(truncatingIfNeeded: number) }
    guard let hash = BlockHash(bytes) else { preconditionFailure("a hash has 32 bytes") }
    return BlockReference(number: number, hash: hash)
  }

  @Test("It is included, retracted with its block, included again, and final with a final block above it")
  func reorganisation() {
    var tracker = ExtrinsicTracker(start: 5, expiresAt: 20)
    #expect(!tracker.wants(block(5)))
    #expect(tracker.scan(block(6), index: nil).isEmpty)
    let first = ExtrinsicTracker.Inclusion(block: block(7), index: 2)
    #expect(tracker.scan(block(7), index: 2) == [.included(first)])
    #expect(!tracker.wants(block(7)))
    #expect(tracker.wants(block(7, 1)))
    #expect(tracker.scan(block(7, 1), index: nil) == [.retracted(block(7))])
    let second = ExtrinsicTracker.Inclusion(block: block(8, 1), index: 1)
    #expect(tracker.scan(block(8, 1), index: 1) == [.included(second)])
    #expect(tracker.finalize(block(7, 1)) == nil)
    #expect(tracker.scan(block(9, 1), index: nil).isEmpty)
    #expect(tracker.finalize(block(9, 1)) == .finalized(second))
    #expect(tracker.isDone)
    #expect(tracker.finalize(block(9, 1)) == nil)
    #expect(tracker.scan(block(8, 2), index: nil).isEmpty)
  }

  @Test("Moved to the same height of another fork, it is retracted and included at once")
  func moved() {
    var tracker = ExtrinsicTracker(start: 5, expiresAt: nil)
    _ = tracker.scan(block(6), index: 0)
    #expect(
      tracker.scan(block(6, 1), index: 3)
        == [.retracted(block(6)), .included(.init(block: block(6, 1), index: 3))])
  }

  @Test("A final block of another fork than was looked through settles nothing")
  func otherFork() {
    var tracker = ExtrinsicTracker(start: 5, expiresAt: 8)
    for number in 6...9 as ClosedRange<UInt64> { _ = tracker.scan(block(number), index: number == 7 ? 0 : nil) }
    #expect(tracker.finalize(block(9, 1)) == nil)
    #expect(tracker.floor == 5)
    var empty = ExtrinsicTracker(start: 5, expiresAt: 8)
    for number in 6...9 as ClosedRange<UInt64> { _ = empty.scan(block(number), index: nil) }
    #expect(empty.finalize(block(9, 1)) == nil)
    #expect(empty.finalize(block(12)) == nil)
    #expect(empty.finalize(block(9)) == .expired)
  }

  @Test("It expires with the last block that could hold it, and not before")
  func expiry() {
    var tracker = ExtrinsicTracker(start: 5, expiresAt: 8)
    _ = tracker.scan(block(6), index: nil)
    #expect(tracker.finalize(block(6)) == nil)
    _ = tracker.scan(block(7), index: nil)
    #expect(tracker.finalize(block(7)) == .expired)
    var immortal = ExtrinsicTracker(start: 0, expiresAt: nil)
    for number in 1...100 as ClosedRange<UInt64> {
      _ = immortal.scan(block(number), index: nil)
      #expect(immortal.finalize(block(number)) == nil)
    }
  }

  /// A tree of blocks that grows at random, with the truth about one extrinsic in it.
  private struct Tree {
    struct Node {
      let reference: BlockReference
      let parent: Int?
      let index: Int?
      let isIncluded: Bool
    }
    var nodes: [Node]
    var best = 0
    var final = 0
    let start: UInt64
    let expiresAt: UInt64

    init(start: UInt64, expiresAt: UInt64, _ root: BlockReference) {
      (self.start, self.expiresAt) = (start, expiresAt)
      nodes = [Node(reference: root, parent: nil, index: nil, isIncluded: false)]
    }

    func path(_ tip: Int) -> [Int] {
      var path = [tip]
      while let last = path.last, let parent = nodes[last].parent { path.append(parent) }
      return path
    }

    mutating func grow(_ random: inout SplitMix64) {
      // Mostly on the best chain, else from somewhere above finality.
      let candidates = nodes.indices.filter { path($0).contains(final) }
      let parent = random.next() % 3 == 0 ? candidates[Int(random.next() % UInt64(candidates.count))] : best
      let number = nodes[parent].reference.number + 1
      let mayHold = !nodes[parent].isIncluded && number < expiresAt && random.next() % 4 == 0
      var bytes = [UInt8](repeating: 0, count: 32)
      (bytes[0], bytes[1]) = (UInt8(truncatingIfNeeded: nodes.count), UInt8(truncatingIfNeeded: nodes.count >> 8))
      guard let hash = BlockHash(bytes) else { return }
      nodes.append(
        Node(
          reference: BlockReference(number: number, hash: hash), parent: parent,
          index: mayHold ? Int(random.next() % 5) : nil, isIncluded: nodes[parent].isIncluded || mayHold))
      if number > nodes[best].reference.number { best = nodes.count - 1 }
      let way = path(best)
      if random.next() % 3 == 0, let at = way.firstIndex(of: final), at > 0 {
        final = way[at - 1 - Int(random.next() % UInt64(at))]
      }
    }
  }

  @Test(
    "Random forks: one last verdict, true of the final chain, and no step out of order",
    arguments: 0..<200 as Range<UInt64>)
  func randomForks(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let start: UInt64 = 10
    let expiresAt = start + 2 + random.next() % 12
    var tree = Tree(start: start, expiresAt: expiresAt, block(start, 0xff))
    var tracker = ExtrinsicTracker(start: start, expiresAt: expiresAt)
    var included: BlockReference?
    var verdicts: [ExtrinsicTracker.Change] = []
    for round in 0..<120 {
      tree.grow(&random)
      let isLast = round == 119
      if isLast { tree.final = tree.best }
      if random.next() % 2 == 0 && !isLast { continue }
      for position in tree.path(tree.best).prefix(while: { tracker.wants(tree.nodes[$0].reference) }).reversed() {
        let node = tree.nodes[position]
        for change in tracker.scan(node.reference, index: node.index) {
          switch change {
          case .retracted(let block):
            #expect(included == block)
            included = nil
          case .included(let inclusion):
            #expect(included == nil)
            #expect(inclusion.block == node.reference && inclusion.index == node.index)
            included = inclusion.block
          case .finalized, .expired: Issue.record("a verdict without finality")
          }
        }
      }
      guard let verdict = tracker.finalize(tree.nodes[tree.final].reference) else { continue }
      verdicts.append(verdict)
      let truth = tree.path(tree.final).map { tree.nodes[$0] }.first { $0.index != nil }
      switch verdict {
      case .finalized(let inclusion): #expect(inclusion.block == truth?.reference && inclusion.index == truth?.index)
      case .expired:
        #expect(truth == nil)
        #expect(tree.nodes[tree.final].reference.number + 1 >= expiresAt)
      default: Issue.record("no verdict")
      }
    }
    let last = tree.nodes[tree.final]
    #expect(verdicts.count == (last.isIncluded || last.reference.number + 1 >= expiresAt ? 1 : 0))
  }
}
