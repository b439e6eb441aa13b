import Testing

@testable import Substrate

@Suite("Least recently used")
struct LeastRecentlyUsedTests {
  @Test("It behaves as a list that is searched, over random operations", arguments: [1, 2, 3, 7, 32])
  func model(_ capacity: Int) {
    var random = SplitMix64(seed: UInt64(capacity))
    var cache = LeastRecentlyUsed<UInt64, UInt64>(capacity: capacity)
    // Newest last.
    var model: [(key: UInt64, value: UInt64)] = []
    for step in 0..<5000 as Range<UInt64> {
      let key = random.next() % UInt64(capacity * 2 + 1)
      let place = model.firstIndex { $0.key == key }
      switch random.next() % 4 {
      case 0, 1:
        cache.insert(step, for: key)
        if let place { model.remove(at: place) } else if model.count == capacity { model.removeFirst() }
        model.append((key, step))
      case 2:
        #expect(cache.value(key) == place.map { model[$0].value })
        if let place { model.append(model.remove(at: place)) }
      default:
        if random.next() % 2 == 0 {
          #expect(cache.peek(key) == place.map { model[$0].value })
        } else {
          #expect(cache.remove(key) == place.map { model[$0].value })
          if let place { model.remove(at: place) }
        }
      }
      #expect(cache.count == model.count)
      #expect(Set(cache.keys) == Set(model.map(\.key)))
    }
  }

  @Test("It holds one entry at least")
  func smallest() {
    var cache = LeastRecentlyUsed<Int, Int>(capacity: 0)
    cache.insert(1, for: 1)
    #expect(cache.value(1) == 1)
    cache.insert(2, for: 2)
    #expect(cache.value(1) == nil && cache.count == 1)
  }
}
