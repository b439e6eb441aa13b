import Crypto

/// What is known of a model that is served.
public struct ModelDescription: Sendable, Hashable {
  /// The kind of model, such as `gpt2`, or what an upstream server calls it.
  public var name: String
  /// SHA-256 that tells the model from every other, 32 bytes; nil where it is not known, as of an upstream server's.
  public var hash: [UInt8]?
  /// Token ids are from 0 to below this.
  public var vocabularySize: Int
  /// The most tokens of prompt and answer together.
  public var contextLength: Int
  /// In which type the backend computes; nil where it is not known.
  public var type: TensorType?

  public init(name: String, hash: [UInt8]?, vocabularySize: Int, contextLength: Int, type: TensorType?) {
    self.name = name
    self.hash = hash
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.type = type
  }
}

extension GPT2 {
  /// Its description. The hash is SHA-256("validatord/model/gpt2/1" ‖ `n_layer` ‖ `n_head` ‖ `n_embd` ‖ `n_inner` ‖
  /// `vocab_size` ‖ `n_positions` ‖ bits of `layer_norm_epsilon`, u32 LE each ‖ SHA-256 of the weights' file): what the
  /// answers depend on, and not how `config.json` was written.
  public var description: ModelDescription {
    var digest = SHA256()
    digest.update(data: Array("validatord/model/gpt2/1".utf8))
    let shape = configuration
    for number in [
      UInt32(shape.layers), UInt32(shape.heads), UInt32(shape.width), UInt32(shape.innerWidth),
      UInt32(shape.vocabulary), UInt32(shape.context), shape.epsilon.bitPattern,
    ] {
      withUnsafeBytes(of: number.littleEndian) { digest.update(bufferPointer: $0) }
    }
    digest.update(data: weightsHash)
    return ModelDescription(
      name: "gpt2", hash: Array(digest.finalize()), vocabularySize: shape.vocabulary, contextLength: shape.context,
      type: .f32)
  }
}
