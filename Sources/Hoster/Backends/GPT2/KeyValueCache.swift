/// The keys and values of the positions that a decoder has seen, for every block and head.
struct KeyValueCache: Sendable {
  /// Positions for which there is room.
  let capacity: Int
  /// Positions that are filled.
  private(set) var length = 0
  private let heads: Int
  private let width: Int
  /// By block and head, the vectors of all positions one behind the other.
  private var keys: [Float]
  private var values: [Float]

  init(_ configuration: GPT2Configuration, capacity: Int) {
    self.capacity = capacity
    heads = configuration.heads
    width = configuration.headWidth
    keys = Array(repeating: 0, count: configuration.layers * configuration.width * capacity)
    values = keys
  }

  /// Says that the next `count` positions are filled in every block.
  mutating func advance(by count: Int) { length += count }

  /// Stores what a block computed for the positions behind the filled ones, and lets each of them attend to itself and
  /// to those before it ("Attention is all you need", §3.2, with the causal mask of GPT-2).
  ///
  /// - Parameters:
  ///   - mixed: for each position its query, key and value, each as wide as the model.
  ///   - scores: room for `capacity` numbers.
  ///   - output: receives one vector, as wide as the model, for each position.
  mutating func attend(
    block: Int, _ mixed: [Float], positions: Int, scores: inout [Float], into output: inout [Float]
  ) {
    let model = heads * width
    precondition(length + positions <= capacity && scores.count >= capacity)
    precondition(mixed.count >= positions * 3 * model && output.count >= positions * model)
    for head in 0..<heads {
      let offset = (block * heads + head) * capacity * width
      for position in 0..<positions {
        let query = position * 3 * model + head * width
        let place = offset + (length + position) * width
        for component in 0..<width {
          keys[place + component] = mixed[query + model + component]
          values[place + component] = mixed[query + 2 * model + component]
        }
        Self.attend(
          mixed, at: query, keys, values, at: offset, count: length + position + 1, width: width, &scores,
          into: &output, at: position * model + head * width)
      }
    }
  }

  /// One head at one position: the values, weighted by the softmax of query · key / √width.
  private static func attend(
    _ queries: UnsafePointer<Float>, at query: Int, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
    at start: Int, count: Int, width: Int, _ scores: UnsafeMutablePointer<Float>,
    into outputs: UnsafeMutablePointer<Float>, at place: Int
  ) {
    let (query, keys, values, output) = (queries + query, keys + start, values + start, outputs + place)
    let scale = 1 / Float(width).squareRoot()
    var largest = -Float.infinity
    for index in 0..<count {
      scores[index] = Kernels.dot(keys + index * width, query, count: width)
      largest = max(largest, scores[index])
    }
    // The largest is taken off first, so that no power overflows.
    Kernels.transform(scores, count: count) { .exponential(($0 - largest) * scale) }
    let share = 1 / Kernels.sum(scores, count: count)
    output.update(repeating: 0, count: width)
    for index in 0..<count {
      Kernels.add(values + index * width, times: scores[index] * share, to: output, count: width)
    }
  }
}
