import Foundation
import Synchronization
import Testing

/// The program as it was built, or another one, as a process.
final class BuiltProgram: Sendable {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// The longest that one run, or a wait for a line or for the end, may take.
  private static let patience = Duration.seconds(240)

  private let process: Process
  private let ended: AsyncStream<Void>
  private let texts = Mutex((output: Data(), errors: Data()))

  static var path: String {
    // The build puts the program beside the tests.
    let beside = Bundle.main.bundleURL.deletingLastPathComponent().path + "/validatord"
    return FileManager.default.isExecutableFile(atPath: beside) ? beside : Bundle.main.bundleURL.path + "/validatord"
  }

  /// Runs a program to its end.
  static func run(_ arguments: [String], program: String = path) async throws -> Result {
    let running = try BuiltProgram(program, arguments)
    let status = try await running.end()
    // What was written last may still be in the pipes.
    try await running.drain()
    return Result(status: status, output: running.output, errors: running.errors)
  }

  /// Runs `body` beside the program, and ends the program whatever happens.
  static func with(_ arguments: [String], _ body: (BuiltProgram) async throws -> Void) async throws {
    let running = try BuiltProgram(path, arguments)
    do {
      try await body(running)
    } catch {
      running.signal(SIGTERM)
      _ = try? await running.end()
      throw error
    }
    if running.process.isRunning {
      running.signal(SIGTERM)
      _ = try await running.end()
    }
  }

  private let open = Mutex(2)

  private init(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in end.finish() }
    self.process = process
    self.ended = ended
    try process.run()
    collect(output) { $0.output += $1 }
    collect(errors) { $0.errors += $1 }
  }

  private func collect(_ pipe: Pipe, _ keep: @escaping @Sendable (inout (output: Data, errors: Data), Data) -> Void) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread { [self] in
      while true {
        let piece = handle.availableData
        guard !piece.isEmpty else { return open.withLock { $0 -= 1 } }
        texts.withLock { keep(&$0, piece) }
      }
    }
  }

  var output: String { texts.withLock { String(decoding: $0.output, as: UTF8.self) } }
  var errors: String { texts.withLock { String(decoding: $0.errors, as: UTF8.self) } }

  /// Waits for the first line of output.
  func firstLine() async throws -> String {
    try await wait { self.output.contains("\n") || !self.process.isRunning }
    let line = output.split(separator: "\n").first.map(String.init)
    return try #require(line, "\(errors)")
  }

  private func drain() async throws { try await wait { self.open.withLock { $0 == 0 } } }

  private func wait(_ isDone: () -> Bool) async throws {
    let end = ContinuousClock.now + Self.patience
    while !isDone() {
      try #require(ContinuousClock.now < end, "it wrote \(output) \(errors)")
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  func signal(_ number: Int32) { if process.isRunning { kill(process.processIdentifier, number) } }

  /// Waits until it ends.
  ///
  /// - Returns: the exit code, or the number of the signal.
  func end() async throws -> Int32 {
    let watchdog = Task {
      try await Task.sleep(for: Self.patience)
      Issue.record("the program did not end: \(self.output) \(self.errors)")
      self.signal(SIGKILL)
    }
    for await _ in ended {}
    watchdog.cancel()
    return process.terminationStatus
  }
}
