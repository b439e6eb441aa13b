/// Normalizes vectors to mean 0 and variance 1, then scales and shifts each of their components.
struct LayerNorm: Sendable {
  private let gain: [Float]
  private let bias: [Float]
  private let epsilon: Float

  init(gain: [Float], bias: [Float], epsilon: Float) {
    precondition(gain.count == bias.count)
    self.gain = gain
    self.bias = bias
    self.epsilon = epsilon
  }

  /// Maps `vectors` vectors that stand one behind the other.
  func apply(_ input: [Float], vectors: Int, into output: inout [Float]) {
    let width = gain.count
    precondition(input.count >= vectors * width && output.count >= vectors * width)
    for vector in 0..<vectors { normalize(input, at: vector * width, width, into: &output) }
  }

  private func normalize(
    _ inputs: UnsafePointer<Float>, at start: Int, _ width: Int, into outputs: UnsafeMutablePointer<Float>
  ) {
    let (input, output) = (inputs + start, outputs + start)
    let mean = Kernels.sum(input, count: width) / Float(width)
    for index in 0..<width { output[index] = input[index] - mean }
    let variance = Kernels.dot(output, output, count: width) / Float(width)
    let scale = 1 / (variance + epsilon).squareRoot()
    for index in 0..<width { output[index] = output[index] * scale * gain[index] + bias[index] }
  }
}
