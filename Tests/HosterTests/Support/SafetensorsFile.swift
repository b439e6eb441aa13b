@testable import Hoster

/// A safetensors file as bytes, so that tests can write what no writer would.
struct SafetensorsFile {
  var header: String
  var data: [UInt8] = []
  /// What the file claims as its header's length, if not the truth.
  var claimedLength: UInt64?

  var bytes: [UInt8] {
    withUnsafeBytes(of: (claimedLength ?? UInt64(header.utf8.count)).littleEndian, Array.init) + header.utf8 + data
  }

  /// Reads the file through the disk, every tensor.
  func read() throws -> [String: [Float]] {
    let folder = TemporaryFolder()
    let path = try folder.write(bytes, to: "model.safetensors")
    var tensors: [String: [Float]] = [:]
    _ = try SafetensorsReader(path).read(where: { _ throws(ModelError) in true }, { tensors[$0.name] = $1 })
    return tensors
  }
}
