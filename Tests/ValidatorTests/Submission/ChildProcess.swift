import Foundation
import Testing

/// The program of Tests/JournalProcess, run as a process of its own.
struct ChildProcess {
  struct Result {
    let output: [String]
    /// Nil if it was ended by a signal.
    let status: Int32?
    let signal: Int32?
  }

  private static let executable = Bundle.main.bundleURL.deletingLastPathComponent().path + "/journal-process"
  private static let fallback = Bundle.main.bundleURL.path + "/journal-process"

  let process = Process()
  let output = Pipe()
  let input = Pipe()

  init(_ arguments: [String]) throws {
    let path = FileManager.default.isExecutableFile(atPath: Self.executable) ? Self.executable : Self.fallback
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardInput = input
    process.standardError = FileHandle.nullDevice
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
