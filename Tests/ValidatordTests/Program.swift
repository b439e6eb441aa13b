import Foundation

/// The built program, run as a user runs it.
struct Program {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// How long one run may take before it is ended.
  static let limit: TimeInterval = 240

  /// The build puts the program beside the tests.
  static let path = Bundle.main.bundleURL.deletingLastPathComponent().path + "/validatord"

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - program: another program, such as an interpreter.
  ///   - input: what it reads from standard input.
  ///   - limit: seconds after which it is told to end.
  static func run(
    _ arguments: [String], program: String = executable, input: String = "", environment: [String: String] = [:],
    folder: String? = nil, limit: TimeInterval = limit
  ) async throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    let ended = AsyncStream<Void> { continuation in
      process.terminationHandler = { _ in continuation.finish() }
    }
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let watchdog = Task {
      try await Task.sleep(for: .seconds(limit))
      process.terminate()
    }
    async let output = read(stdout)
    async let errors = read(stderr)
    let texts = await (output, errors)
    for await _ in ended {}
    watchdog.cancel()
    return Result(status: process.terminationStatus, output: texts.0, errors: texts.1)
  }

  static var executable: String {
    FileManager.default.isExecutableFile(atPath: path)
      ? path : Bundle.main.bundleURL.path + "/validatord"
  }

  private static func read(_ pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      // Not on the queue that tasks run on: a server in the test would stand still until the process has ended.
      Thread.detachNewThread {
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? nil
        continuation.resume(returning: String(decoding: data ?? Data(), as: UTF8.self))
      }
    }
  }
}
