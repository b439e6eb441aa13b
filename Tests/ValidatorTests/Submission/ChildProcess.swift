import Foundation
import Testing

/// A program that the build puts beside the tests, run as a process of its own.
struct ChildProcess {
  struct Result {
    let output: [String]
    /// Nil if it was ended by a signal.
    let status: Int32?
    let signal: Int32?
  }

  let process = Process()
  let output = Pipe()
  let input = Pipe()

  /// - Parameters:
  ///   - program: that of Tests/JournalProcess unless given.
  ///   - environment: what it has beside this process's own.
  ///   - errors: takes what it writes to standard error.
  init(
    _ arguments: [String], program: String = "journal-process", environment: [String: String] = [:],
    errors: FileHandle = .nullDevice
  ) throws {
    let folders = [Bundle.main.bundleURL.deletingLastPathComponent(), Bundle.main.bundleURL]
    let paths = folders.map { $0.appending(path: program) }
    process.executableURL = paths.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? paths[0]
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardInput = input
    process.standardError = errors
    try process.run()
  }

  /// Runs to its end.
  static func run(_ arguments: [String]) async throws -> Result {
    let child = try ChildProcess(arguments)
    return await child.end()
  }

  /// Waits until it ends. Its input is closed.
  func end() async -> Result {
    let (process, output, input) = (process, output, input)
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        try? input.fileHandleForWriting.close()
        let data = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        let lines = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
        let isSignal = process.terminationReason == .uncaughtSignal
        continuation.resume(
          returning: Result(
            output: lines, status: isSignal ? nil : process.terminationStatus,
            signal: isSignal ? process.terminationStatus : nil))
      }
    }
  }

  /// Waits for its first line.
  func firstLine() async -> String {
    let output = output
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var text = Data()
        while !text.contains(UInt8(ascii: "\n")) {
          guard let piece = try? output.fileHandleForReading.read(upToCount: 1), !piece.isEmpty else { break }
          text += piece
        }
        continuation.resume(returning: String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines))
      }
    }
  }
}
