import Foundation
import Synchronization
import Testing

/// The built program while it runs: a service, or a call that takes its time.
final class RunningProgram: Sendable {
  /// The longest wait for a line, for more output, or for the end.
  static let patience = Duration.seconds(240)

  private struct State {
    var output = Data()
    var errors = Data()
  }

  private let process: Process
  private let ended: AsyncStream<Void>
  private let state = Mutex(State())

  /// Runs `body` beside the program, and ends the program whatever happens.
  static func with(
    _ arguments: [String], folder: String? = nil, _ body: (RunningProgram) async throws -> Void
  ) async throws {
    let program = try RunningProgram(arguments, folder)
    defer { program.kill() }
    try await body(program)
  }

  private init(_ arguments: [String], _ folder: String?) throws {
    let process = Process()
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.executableURL = URL(filePath: Program.executable)
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

  private func collect(_ pipe: Pipe, _ keep: @escaping @Sendable (inout State, Data) -> Void) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread { [weak self] in
      while true {
        let piece = handle.availableData
        guard !piece.isEmpty, let self else { return }
        self.state.withLock { keep(&$0, piece) }
      }
    }
  }

  /// What it has written so far.
  var output: String { state.withLock { String(decoding: $0.output, as: UTF8.self) } }
  var errors: String { state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

  /// Waits until the output holds `text`.
  func writes(_ text: String) async throws { try await waits(for: text) { output } }

  /// Waits until what it logs holds `text`.
  func logs(_ text: String) async throws { try await waits(for: text) { errors } }

  private func waits(for text: String, in written: () -> String) async throws {
    let end = ContinuousClock.now + Self.patience
    while !written().contains(text) {
      try #require(process.isRunning && ContinuousClock.now < end, "it wrote \(output) \(errors)")
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Waits until it has a handler of its own for a signal, or has ended.
  func minds(_ signal: Int32) async throws {
    let end = ContinuousClock.now + Self.patience
    while process.isRunning, !isCaught(signal) {
      try #require(ContinuousClock.now < end, "it has no handler for signal \(signal): \(output) \(errors)")
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func isCaught(_ signal: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
    return mask >> UInt64(signal - 1) & 1 == 1
  }

  /// The address in the line by which services say with `--format json` where they listen.
  func address() async throws -> String {
    struct Line: Decodable {
      var addresses: [String]
    }
    return try #require(try JSONDecoder().decode(Line.self, from: Data(try await line().utf8)).addresses.first)
  }

  /// Waits for the first line of output.
  func line() async throws -> String {
    try await writes("\n")
    return try #require(output.split(separator: "\n").first.map(String.init))
  }

  /// Waits until it ends by itself.
  ///
  /// - Returns: the exit code.
  func end() async throws -> Int32 {
    let watchdog = Task {
      try await Task.sleep(for: Self.patience)
      Issue.record("the program did not end")
      self.kill()
    }
    for await _ in ended {}
    watchdog.cancel()
    return process.terminationStatus
  }

  /// Asks it to end, as service managers do.
  func terminate() { process.terminate() }

  var processID: Int32 { process.processIdentifier }

  /// Ends it without asking; also what is done to it when the test is over.
  func kill() { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }
}
