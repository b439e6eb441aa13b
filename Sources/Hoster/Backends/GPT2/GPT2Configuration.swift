import Foundation

/// The shape of a GPT-2 model: the `config.json` beside its weights, with the names of Hugging Face's transformers.
public struct GPT2Configuration: Sendable, Hashable {
  /// The longest `config.json` read, in bytes.
  static let maximumFileSize = 1 << 16
  /// Bounds on what a configuration may ask for, some way above GPT-2 XL (48, 25, 1600, 50257, 1024).
  static let maximumLayers = 512
  static let maximumWidth = 1 << 14
  static let maximumVocabulary = 1 << 20
  static let maximumContext = 1 << 16
  /// The most numbers a model may have; each takes four bytes of memory.
  static let maximumParameters = 1 << 33

  /// Transformer blocks (`n_layer`).
  public let layers: Int
  /// Attention heads of a block (`n_head`); they divide the width.
  public let heads: Int
  /// Length of a token's vector (`n_embd`).
  public let width: Int
  /// Length of the vector inside the feed-forward part (`n_inner`), four widths unless given.
  public let innerWidth: Int
  /// Number of token ids (`vocab_size`).
  public let vocabulary: Int
  /// The most positions of prompt and answer together (`n_positions`).
  public let context: Int
  /// Added to the variance where vectors are normalized (`layer_norm_epsilon`).
  public let epsilon: Float

  /// - Throws: ``ModelError`` `model.unsupported` if a number is out of bounds or the heads don't divide the width.
  public init(
    layers: Int, heads: Int, width: Int, innerWidth: Int? = nil, vocabulary: Int, context: Int, epsilon: Float = 1e-5
  ) throws(ModelError) {
    self.layers = try Self.checked(layers, "n_layer", 1...Self.maximumLayers)
    self.heads = try Self.checked(heads, "n_head", 1...Self.maximumWidth)
    self.width = try Self.checked(width, "n_embd", 1...Self.maximumWidth)
    self.innerWidth = try Self.checked(innerWidth ?? 4 * self.width, "n_inner", 1...(4 * Self.maximumWidth))
    self.vocabulary = try Self.checked(vocabulary, "vocab_size", 1...Self.maximumVocabulary)
    self.context = try Self.checked(context, "n_positions", 1...Self.maximumContext)
    self.epsilon = epsilon
    guard width.isMultiple(of: heads) else {
      throw ModelError(.unsupported, "n_head \(heads) does not divide n_embd \(width)")
    }
    guard epsilon > 0, epsilon <= 1 else { throw ModelError(.unsupported, "layer_norm_epsilon is \(epsilon)") }
    guard parameters <= Self.maximumParameters else {
      throw ModelError(.tooLarge, "the model has \(parameters) parameters, more than \(Self.maximumParameters)")
    }
  }

  /// Length of one head's vectors.
  var headWidth: Int { width / heads }

  /// How many numbers the model is made of.
  public var parameters: Int {
    tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// The tensors of the model in the order in which data passes them. `c_…` matrices map from their first dimension to
  /// their second.
  var tensors: [(name: String, shape: [Int])] {
    var tensors = [("wte.weight", [vocabulary, width]), ("wpe.weight", [context, width])]
    for block in 0..<layers {
      for (name, shape) in [
        ("ln_1", [width]), ("attn.c_attn", [width, 3 * width]), ("attn.c_proj", [width, width]),
        ("ln_2", [width]), ("mlp.c_fc", [width, innerWidth]), ("mlp.c_proj", [innerWidth, width]),
      ] {
        tensors.append(("h.\(block).\(name).weight", shape))
        tensors.append(("h.\(block).\(name).bias", Array(shape.suffix(1))))
      }
    }
    return tensors + [("ln_f.weight", [width]), ("ln_f.bias", [width])]
  }

  private static func checked(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws(ModelError) -> Int {
    guard range.contains(value) else {
      throw ModelError(.unsupported, "\(name) is \(value), not from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}

extension GPT2Configuration {
  /// Reads a `config.json`.
  ///
  /// What changes the computation and is not computed here is refused; other members are left alone.
  ///
  /// - Throws: ``ModelError``: `model.malformed`, `model.unsupported`, `model.too-large`.
  public init(json: [UInt8]) throws(ModelError) {
    guard json.count <= Self.maximumFileSize else {
      throw ModelError(.tooLarge, "config.json has \(json.count) bytes, more than \(Self.maximumFileSize)")
    }
    guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(json)) else {
      throw ModelError(.malformed, "config.json is not the configuration of a GPT-2 model")
    }
    let given: [(String, Bool)] = [
      ("model_type", fields.model_type ?? "gpt2" == "gpt2"),
      ("activation_function", fields.activation_function ?? "gelu_new" == "gelu_new"),
      ("tie_word_embeddings", fields.tie_word_embeddings ?? true),
      ("scale_attn_weights", fields.scale_attn_weights ?? true),
      ("scale_attn_by_inverse_layer_idx", !(fields.scale_attn_by_inverse_layer_idx ?? false)),
      ("add_cross_attention", !(fields.add_cross_attention ?? false)),
    ]
    if let (name, _) = given.first(where: { !$0.1 }) {
      throw ModelError(.unsupported, "config.json gives \(name) a value that is not computed here")
    }
    try self.init(
      layers: fields.n_layer, heads: fields.n_head, width: fields.n_embd, innerWidth: fields.n_inner,
      vocabulary: fields.vocab_size, context: fields.n_positions, epsilon: fields.layer_norm_epsilon ?? 1e-5)
  }

  /// The configuration as `config.json`, which transformers loads too.
  public var json: [UInt8] {
    let fields = Fields(
      model_type: "gpt2", architectures: ["GPT2LMHeadModel"], n_layer: layers, n_head: heads, n_embd: width,
      n_inner: innerWidth == 4 * width ? nil : innerWidth, n_positions: context, vocab_size: vocabulary,
      layer_norm_epsilon: epsilon, activation_function: "gelu_new")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return ((try? encoder.encode(fields)).map(Array.init) ?? []) + [UInt8(ascii: "\n")]
  }

  /// The members as they are called in the file.
  private struct Fields: Codable {
    var model_type: String?
    var architectures: [String]?
    var n_layer: Int
    var n_head: Int
    var n_embd: Int
    var n_inner: Int?
    var n_positions: Int
    var vocab_size: Int
    var layer_norm_epsilon: Float?
    var activation_function: String?
    var tie_word_embeddings: Bool?
    var scale_attn_weights: Bool?
    var scale_attn_by_inverse_layer_idx: Bool?
    var add_cross_attention: Bool?
  }
}
