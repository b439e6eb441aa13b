import Foundation
import Fuzzing

@testable import Hoster

/// The files of a model. The first byte chooses which: `c` for a `config.json`, `w` for a header of weights with the
/// data behind it as the rest after a zero byte, `f` for a whole file of weights.
@main
struct FuzzModel: FuzzTarget {
  private let path = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(UUID().uuidString)").path

  func seeds() throws -> [[UInt8]] {
    let configuration = try GPT2Configuration(layers: 1, heads: 1, width: 2, vocabulary: 3, context: 2)
    let folder = path + "-model"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try GPT2.make(configuration, seed: 1, in: folder)
    let weights = Array(try Data(contentsOf: URL(filePath: "\(folder)/model.safetensors")))
    let tensors = [
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, #"{"__metadata__":{"a":"b"}}"#,
      #"{"a":{"dtype":"F16","shape":[0,9],"data_offsets":[0,0]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]}}"#,
    ]
    let fields = [
      #","activation_function":"gelu_new""#, #","n_inner":7"#, #","layer_norm_epsilon":1e-5"#, #","model_type":"gpt2""#,
    ]
    let json = #"{"n_layer":1,"n_head":2,"n_embd":4,"n_positions":3,"vocab_size":4"#
    return [Array("f".utf8) + weights, Array("c".utf8) + configuration.json]
      + fields.map { Array("c\(json)\($0)}".utf8) } + tensors.map { Array("w\($0)\0aaaa".utf8) }
  }

  func take(_ input: [UInt8]) {
    let bytes = Array(input.dropFirst())
    switch input.first.map(Unicode.Scalar.init) {
    case "c":
      if let configuration = try? GPT2Configuration(json: bytes) {
        promise((try? GPT2Configuration(json: configuration.json)) == configuration, "a configuration changes")
        promise(configuration.parameters <= GPT2Configuration.maximumParameters, "a model may be of any size")
      }
    case "w":
      let header = bytes.prefix { $0 != 0 }
      let length = max(0, bytes.count - header.count - 1)
      if let header = try? SafetensorsHeader(json: Array(header), dataLength: length) { check(header, length) }
    case "f": read(bytes)
    default: break
    }
  }

  private func check(_ header: SafetensorsHeader, _ length: Int) {
    var end = 0
    for tensor in header.tensors {
      promise(tensor.range.lowerBound == end && tensor.range.upperBound <= length, "a tensor is somewhere else")
      promise(tensor.shape.reduce(tensor.type.width, *) == tensor.range.count, "a tensor has another size")
      end = tensor.range.upperBound
    }
    promise(end == length, "bytes belong to no tensor")
  }

  private func read(_ bytes: [UInt8]) {
    promise(FileManager.default.createFile(atPath: path, contents: Data(bytes)), "the disk is full")
    guard let reader = try? SafetensorsReader(path) else { return }
    _ = try? reader.read(
      where: { tensor throws(ModelError) in tensor.count < 100 },
      { tensor, values in
        promise(values.count == tensor.count && values.allSatisfy(\.isFinite), "values are wrong")
      })
  }
}
