/// One sequence of tokens on its way through a model.
///
/// What it gives depends on the tokens alone: not on how they were cut into calls of ``append(_:)``, nor on the number
/// of threads, nor on the machine.
struct GPT2Decoder: Sendable {
  /// The most tokens that one call of ``append(_:)`` takes. They share each load of the weights; more would gain little
  /// and keep other requests waiting longer.
  static let maximumStep = 16

  private let model: GPT2
  private let threads: Int
  private var cache: KeyValueCache
  /// One vector for each position of a step: the residual stream, its normalized copy, query/key/value, the inner part.
  private var hidden: [Float]
  private var normalized: [Float]
  private var mixed: [Float]
  private var inner: [Float]
  private var scores: [Float]
  /// The model's opinion of every token as the next one, after the last token that was appended.
  private(set) var logits: [Float]

  /// - Parameters:
  ///   - capacity: the most tokens of the sequence, no more than the model's context.
  ///   - threads: how many compute.
  init(_ model: GPT2, capacity: Int, threads: Int = 1) {
    let configuration = model.configuration
    self.model = model
    self.threads = threads
    cache = KeyValueCache(configuration, capacity: min(capacity, configuration.context))
    let zeros = { (width: Int) in [Float](repeating: 0, count: width * Self.maximumStep) }
    hidden = zeros(configuration.width)
    normalized = hidden
    mixed = zeros(3 * configuration.width)
    inner = zeros(configuration.innerWidth)
    scores = Array(repeating: 0, count: cache.capacity)
    logits = Array(repeating: 0, count: configuration.vocabulary)
  }

  /// Tokens that were appended.
  var count: Int { cache.length }

  /// Appends tokens to the sequence and computes ``logits``.
  ///
  /// - Parameters:
  ///   - tokens: from 1 to ``maximumStep``, each in the vocabulary, for which there is room.
  ///   - isWanted: is asked before each block of the model whether to go on.
  /// - Returns: false if it was not wanted to its end; then the sequence is as it was before.
  @inline(never)
  @discardableResult
  mutating func append(_ tokens: some Collection<Int32>, while isWanted: () -> Bool = { true }) -> Bool {
    let (count, width) = (tokens.count, model.configuration.width)
    precondition((1...Self.maximumStep).contains(count) && cache.length + count <= cache.capacity)
    for (index, token) in tokens.enumerated() { embed(token, at: index) }
    for (index, block) in model.blocks.enumerated() {
      guard isWanted() else { return false }
      block.attentionNorm.apply(hidden, vectors: count, into: &normalized)
      block.attention.apply(normalized, vectors: count, threads: threads, into: &mixed)
      cache.attend(block: index, mixed, positions: count, scores: &scores, into: &normalized)
      block.attentionOutput.apply(normalized, vectors: count, threads: threads, into: &mixed)
      Kernels.add(mixed, times: 1, to: &hidden, count: count * width)
      block.innerNorm.apply(hidden, vectors: count, into: &normalized)
      block.expansion.apply(normalized, vectors: count, threads: threads, into: &inner)
      activate(count: count * model.configuration.innerWidth)
      block.contraction.apply(inner, vectors: count, threads: threads, into: &mixed)
      Kernels.add(mixed, times: 1, to: &hidden, count: count * width)
    }
    cache.advance(by: count)
    hidden.replaceSubrange(0..<width, with: hidden[(count - 1) * width..<count * width])
    model.finalNorm.apply(hidden, vectors: 1, into: &normalized)
    model.tokenEmbedding.apply(normalized, vectors: 1, threads: threads, into: &logits)
    return true
  }

  /// The token with the largest logit, among equals that with the lowest id; nil if a logit is no finite number.
  var bestToken: Int32? {
    var best = 0
    for (token, logit) in logits.enumerated() {
      guard logit.isFinite else { return nil }
      if logit > logits[best] { best = token }
    }
    return Int32(best)
  }
}

extension GPT2Decoder {
  /// Puts the sum of a token's and its position's vector at `index` of the step.
  private mutating func embed(_ token: Int32, at index: Int) {
    let width = model.configuration.width
    let position = (cache.length + index) * width
    let vectors = zip(model.tokenEmbedding.row(Int(token)), model.positionEmbedding[position..<position + width])
    for (component, (token, position)) in vectors.enumerated() { hidden[index * width + component] = token + position }
  }

  /// GPT-2's activation, `gelu_new`: x/2 · (1 + tanh u) with u = √(2/π) · (x + 0.044715 x³), which is x / (1 + e^−2u).
  private mutating func activate(count: Int) {
    precondition(inner.count >= count)
    Kernels.transform(&inner, count: count) { x in
      let u = (x * x * x * 0.044715 + x) * 0.7978845608
      return x / (Lanes.exponential(u * -2) + 1)
    }
  }
}
