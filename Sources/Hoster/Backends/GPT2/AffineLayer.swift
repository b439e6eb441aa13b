import Dispatch

/// A layer that maps vectors to weights · vector + bias.
struct AffineLayer: Sendable {
  /// Below so many multiplications, waking other threads costs more than they save.
  private static let workPerThread = 1 << 17

  let inputs: Int
  let outputs: Int
  /// One row for each output.
  private let weights: [Float]
  /// One number for each output, or none.
  private let bias: [Float]

  /// - Parameter weights: `outputs` rows of `inputs` numbers.
  init(weights: [Float], inputs: Int, outputs: Int, bias: [Float] = []) {
    precondition(weights.count == inputs * outputs && (bias.isEmpty || bias.count == outputs))
    self.weights = weights
    self.inputs = inputs
    self.outputs = outputs
    self.bias = bias
  }

  /// - Parameter columns: the weights as GPT-2's files hold them, `inputs` rows of `outputs` numbers.
  init(columns: [Float], inputs: Int, outputs: Int, bias: [Float]) {
    precondition(columns.count == inputs * outputs)
    let weights = [Float](unsafeUninitializedCapacity: columns.count) { buffer, count in
      columns.withUnsafeBufferPointer { columns in
        // In squares that fit the fastest cache, since one side of a transposition jumps.
        let side = 32
        for rowStart in stride(from: 0, to: outputs, by: side) {
          for columnStart in stride(from: 0, to: inputs, by: side) {
            for row in rowStart..<min(rowStart + side, outputs) {
              for column in columnStart..<min(columnStart + side, inputs) {
                buffer[row * inputs + column] = columns[column * outputs + row]
              }
            }
          }
        }
      }
      count = columns.count
    }
    self.init(weights: weights, inputs: inputs, outputs: outputs, bias: bias)
  }

  /// The weights of one output.
  func row(_ output: Int) -> ArraySlice<Float> { weights[output * inputs..<(output + 1) * inputs] }

  /// Maps `vectors` vectors that stand one behind the other.
  ///
  /// Every output is computed whole by one thread, so their number does not change a bit of the result.
  func apply(_ input: [Float], vectors: Int, threads: Int, into output: inout [Float]) {
    precondition(input.count >= vectors * inputs && output.count >= vectors * outputs)
    let parts = max(1, min(threads, vectors * weights.count / Self.workPerThread))
    compute(in: parts, weights, input, vectors, &output)
  }

  private func compute(
    in parts: Int, _ weights: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ vectors: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    guard parts > 1 else { return compute(0..<outputs, weights, input, vectors, output) }
    // Parts read the same numbers and write each its own.
    nonisolated(unsafe) let pointers = (weights, input, output)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let rows = outputs * part / parts..<outputs * (part + 1) / parts
      compute(rows, pointers.0, pointers.1, vectors, pointers.2)
    }
  }

  /// A part of the outputs, in blocks that stay in the fastest caches while all vectors pass them.
  private func compute(
    _ rows: Range<Int>, _ weights: UnsafePointer<Float>, _ input: UnsafePointer<Float>, _ vectors: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let block = 4
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
      for vector in 0..<vectors {
        for row in start..<min(start + block, rows.upperBound) {
          let product = Kernels.dot(weights + row * inputs, input + vector * inputs, count: inputs)
          output[vector * outputs + row] = bias.isEmpty ? product : product + bias[row]
        }
      }
    }
  }
}
