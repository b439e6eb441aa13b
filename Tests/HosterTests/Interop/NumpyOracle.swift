import Foundation

/// `Tests/Interop/model/gpt2_numpy.py` as a child process.
enum NumpyOracle {
  struct Answer: Decodable {
    let tokens: [Int32]
    let logits: [Double]
  }

  struct Failure: Error {
    let output: String
  }

  /// How long one run may take before it is ended.
  private static let limit: TimeInterval = 120
  static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let python: URL = {
    guard let path = ProcessInfo.processInfo.environment["VALIDATORD_PYTHON"], !path.isEmpty else {
      return package.appending(path: ".venv/bin/python")
    }
    return URL(filePath: path, relativeTo: package)
  }()

  /// Whether numpy and safetensors are there.
  static var isThere: Bool { hasPackages(["numpy", "safetensors"]) }

  /// Whether the environment has packages. Looked up in its folder: to ask the interpreter would take a second.
  static func hasPackages(_ names: [String]) -> Bool {
    let library = python.deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
    let versions = (try? FileManager.default.contentsOfDirectory(at: library, includingPropertiesForKeys: nil)) ?? []
    return versions.contains { version in
      names.allSatisfy {
        FileManager.default.fileExists(atPath: version.appending(path: "site-packages/\($0)").path)
      }
    }
  }

  /// What the oracle appends to `prompt`, and its logits behind the prompt.
  static func run(_ folder: String, prompt: [Int32], new: Int) async throws -> Answer {
    let process = Process()
    process.executableURL = python
    process.arguments = [
      package.appending(path: "Tests/Interop/model/gpt2_numpy.py").path, "run", folder, "--prompt",
      prompt.map(String.init).joined(separator: ","), "--new", "\(new)",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let watchdog = Task {
      try await Task.sleep(for: .seconds(limit))
      process.terminate()
    }
    defer { watchdog.cancel() }
    let data = await withCheckedContinuation { continuation in
      DispatchQueue(label: "oracle").async {
        continuation.resume(returning: (try? output.fileHandleForReading.readToEnd()) ?? Data())
      }
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: data) else {
      throw Failure(output: String(decoding: data.prefix(1000), as: UTF8.self))
    }
    return answer
  }
}
