import Foundation

extension GPT2 {
  /// Writes a new model with random weights into `folder`, for development: small, quick, and the same for everybody
  /// who uses the same seed and shape.
  ///
  /// The numbers come from SplitMix64, one for each weight, in the order of the tensors in the file, which is that in
  /// which data passes them. A weight is √3 · σ · (2 · (⌊z / 2⁴⁰⌋ + ½) / 2²⁴ − 1) of the number z, so it is even between
  /// ±√3 · σ and has the standard deviation σ. Gains are 1 and biases 0, and take no number from the generator.
  ///
  /// - Parameter deviation: σ. GPT-2 was begun with 0.02, which makes an untrained model repeat its last token.
  /// - Throws: ``ModelError``: `model.exists` if either file is there, `model.unwritable`.
  public static func make(
    _ configuration: GPT2Configuration, seed: UInt64, deviation: Float = 0.1, in folder: String
  ) throws(ModelError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ModelError(.unwritable, "can't make the folder \(folder)")
    }
    let description = try NewFile("\(folder)/\(configurationFile)")
    let weights = try SafetensorsWriter("\(folder)/\(weightsFile)", tensors: configuration.tensors)
    var generator = SplitMix64(state: seed)
    for (name, shape) in configuration.tensors {
      let count = shape.reduce(1, *)
      let isGain = shape.count == 1 && name.hasSuffix(".weight")
      let values: [Float] =
        shape.count == 1
        ? Array(repeating: isGain ? 1 : 0, count: count)
        : (0..<count).map { _ in (generator.unit() * 2 - 1) * deviation * Float(3).squareRoot() }
      try weights.write(values)
    }
    try weights.finish()
    try description.write(configuration.json)
    try description.finish()
  }
}

/// Steele, Lea and Flood's generator, whose numbers depend on the seed alone.
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  /// A number between 0 and 1, neither included.
  mutating func unit() -> Float { (Float(next() >> 40) + 0.5) / Float(1 << 24) }
}
