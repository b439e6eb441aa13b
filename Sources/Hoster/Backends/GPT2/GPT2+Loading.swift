extension GPT2 {
  /// The names of a model's files in its folder.
  static let configurationFile = "config.json"
  static let weightsFile = "model.safetensors"

  /// Loads `config.json` and `model.safetensors` of a folder.
  ///
  /// Tensors that the model does not use, such as the causal masks that some checkpoints carry, are passed over, and so
  /// is a copy of the token embeddings under `lm_head`. It takes seconds for a large model: keep it off event loops.
  ///
  /// - Throws: ``ModelError``.
  public init(folder: String) throws(ModelError) {
    let file = try ModelFile("\(folder)/\(Self.configurationFile)", maximumSize: GPT2Configuration.maximumFileSize)
    let configuration = try GPT2Configuration(json: file.read(file.size))
    let shapes = Dictionary(uniqueKeysWithValues: configuration.tensors.map { ($0.name, $0.shape) })
    var weights: [String: [Float]] = [:]
    let hash = try SafetensorsReader("\(folder)/\(Self.weightsFile)").read(
      where: { tensor throws(ModelError) in
        let name = Self.name(of: tensor)
        guard let shape = shapes[name] else { return false }
        guard weights[name] == nil else { throw ModelError(.malformed, "the tensor \(name) is there twice") }
        guard tensor.shape == shape else {
          throw ModelError(.tensorShape, "the tensor \(name) has shape \(tensor.shape) and should have \(shape)")
        }
        return true
      }, { weights[Self.name(of: $0)] = $1 })
    try self.init(configuration, weights: consume weights, hash: hash)
  }

  /// Some checkpoints put the decoder's tensors under `transformer.`.
  private static func name(of tensor: TensorEntry) -> String {
    let prefix = "transformer."
    return tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
  }
}
