/// A GPT-2 model in memory: the decoder of Radford et al., "Language Models are Unsupervised Multitask Learners", with
/// the names of the published weights.
///
/// It is a value without state. `GPT2Decoder` holds what one request has computed.
public struct GPT2: Sendable {
  /// One transformer block: attention, then the feed-forward part, each on a normalized copy and added to its input.
  struct Block: Sendable {
    let attentionNorm: LayerNorm
    /// Query, key and value of a position in one vector.
    let attention: AffineLayer
    let attentionOutput: AffineLayer
    let innerNorm: LayerNorm
    let expansion: AffineLayer
    let contraction: AffineLayer
  }

  /// Its shape.
  public let configuration: GPT2Configuration
  /// SHA-256 of `model.safetensors`.
  public let weightsHash: [UInt8]
  /// One row for each token; the same matrix turns the last vector into logits.
  let tokenEmbedding: AffineLayer
  /// One row for each position.
  let positionEmbedding: [Float]
  let blocks: [Block]
  let finalNorm: LayerNorm

  init(_ configuration: GPT2Configuration, weights: consuming [String: [Float]], hash: [UInt8]) throws(ModelError) {
    self.configuration = configuration
    weightsHash = hash
    // A matrix leaves the dictionary as it is laid out anew, so that there are never two whole models in memory.
    var weights = weights
    func take(_ name: String) throws(ModelError) -> [Float] {
      guard let values = weights.removeValue(forKey: name) else {
        throw ModelError(.tensorMissing, "the weights lack the tensor \(name)")
      }
      return values
    }
    func norm(_ name: String) throws(ModelError) -> LayerNorm {
      LayerNorm(
        gain: try take("\(name).weight"), bias: try take("\(name).bias"), epsilon: configuration.epsilon)
    }
    func affine(_ name: String, _ inputs: Int, _ outputs: Int) throws(ModelError) -> AffineLayer {
      AffineLayer(
        columns: try take("\(name).weight"), inputs: inputs, outputs: outputs, bias: try take("\(name).bias"))
    }
    let (width, inner) = (configuration.width, configuration.innerWidth)
    tokenEmbedding = AffineLayer(
      weights: try take("wte.weight"), inputs: width, outputs: configuration.vocabulary)
    positionEmbedding = try take("wpe.weight")
    var blocks: [Block] = []
    for index in 0..<configuration.layers {
      let name = "h.\(index)"
      blocks.append(
        Block(
          attentionNorm: try norm("\(name).ln_1"),
          attention: try affine("\(name).attn.c_attn", width, 3 * width),
          attentionOutput: try affine("\(name).attn.c_proj", width, width),
          innerNorm: try norm("\(name).ln_2"),
          expansion: try affine("\(name).mlp.c_fc", width, inner),
          contraction: try affine("\(name).mlp.c_proj", inner, width)))
    }
    self.blocks = blocks
    finalNorm = try norm("ln_f")
  }
}
