import Foundation

/// What a worker says through its pipe: one line of JSON, `{"ready": {…}}` or `{"failed": {…}}` (docs/workers.md).
enum WorkerReport: Hashable, Sendable {
  /// The longest line that is read, in bytes.
  static let maximumLength = 16 << 10
  /// Lines that are read of one process; what it writes behind them is dropped.
  static let maximumCount = 64

  /// Its handlers are registered and its model is loaded.
  case ready(ModelDescription?)
  /// It can't begin.
  case failed(code: String, message: String, remedy: String)

  /// Reads a line; nil if it is none of these. Whoever wrote it is not trusted.
  init?(line: some Collection<UInt8>) {
    guard line.count <= Self.maximumLength, let report = try? JSONDecoder().decode(Written.self, from: Data(line))
    else { return nil }
    if let failed = report.failed {
      self = .failed(code: failed.code ?? "worker.start-up", message: failed.message, remedy: failed.remedy ?? "")
    } else if let ready = report.ready {
      self = .ready(ready.description)
    } else {
      return nil
    }
  }

  /// The line, with its end.
  var line: Data {
    let written: Written =
      switch self {
      case .ready(let model): Written(ready: Written.Ready(model))
      case .failed(let code, let message, let remedy):
        Written(failed: Written.Failed(code: code, message: message, remedy: remedy))
      }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return ((try? encoder.encode(written)) ?? Data("{}".utf8)) + Data("\n".utf8)
  }
}

/// A report as it is written.
private struct Written: Codable {
  struct Ready: Codable {
    var model: String?
    /// Hexadecimal.
    var hash: String?
    var vocabulary: Int?
    var context: Int?
    var type: String?

    init(_ model: ModelDescription?) {
      self.model = model?.name
      hash = model?.hash?.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      vocabulary = model?.vocabularySize
      context = model?.contextLength
      type = model?.type?.rawValue
    }

    /// Nil unless it says what requests can be checked against.
    var description: ModelDescription? {
      guard let vocabulary, let context, vocabulary > 0, context > 0 else { return nil }
      return ModelDescription(
        name: String((model ?? "unnamed").prefix(256)), hash: hash.flatMap(Self.bytes), vocabularySize: vocabulary,
        contextLength: context, type: type.flatMap(TensorType.init(rawValue:)))
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8]? {
      let digits = Array(hexadecimal.utf8)
      guard digits.count == 64 else { return nil }
      let bytes = stride(from: 0, to: 64, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
      }
      return bytes.count == 32 ? bytes : nil
    }
  }

  struct Failed: Codable {
    var code: String?
    var message: String
    var remedy: String?
  }

  var ready: Ready?
  var failed: Failed?
}
