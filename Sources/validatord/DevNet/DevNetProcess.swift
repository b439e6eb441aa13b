import Foundation
import Hoster
import Substrate
import Synchronization

/// A process of the local network, with its log.
final class DevNetProcess: Sendable {
  let name: String
  /// What it wrote to standard error, and to standard output after its first line.
  let log: String
  private let process: GuardedProcess
  private let lines: Lines

  /// How long a process may take to end by itself.
  static let patience = Duration.seconds(5)
  /// How long it may take to be ready. Ten of them start at once on a machine that may be busy.
  static let startLimit = Duration.seconds(60)
  /// What is shown of the log of one that fails.
  private static let tailLines = 25
  private static let tailBytes: UInt64 = 16 << 10

  /// Starts this program once more.
  ///
  /// - Throws: ``CommandError`` `devnet.start`.
  init(_ name: String, _ arguments: [String], folder: String, log: String) throws {
    self.name = name
    self.log = log
    guard FileManager.default.createFile(atPath: log, contents: nil), let file = FileHandle(forWritingAtPath: log)
    else {
      throw CommandError("devnet.start", "\(log) can't be written", status: .unavailable)
    }
    let output = Pipe()
    lines = Lines(output.fileHandleForReading, log: file)
    let plan = GuardedProcess.Plan(
      program: Self.program, arguments: arguments, environment: Self.environment, folder: folder,
      output: output.fileHandleForWriting.fileDescriptor, errors: file.fileDescriptor)
    do {
      process = try GuardedProcess.start(plan)
    } catch {
      throw CommandError("devnet.start", "\(name) can't be started: \(error.message)", status: .unavailable)
    }
    try? output.fileHandleForWriting.close()
    lines.read()
  }

  /// This program's file, by the name under which `ps` shall show it, as long as that is still its.
  private static let program: String = {
    let own = "/proc/self/exe"
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: own)
    return target.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil } ?? own
  }()

  /// Of this process's environment what programs need to run at all; nothing that would configure a node.
  private static let environment = ProcessInfo.processInfo.environment.filter { name, _ in
    ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"].contains(name)
  }

  /// The process's own id; nil if it does not run.
  var id: Int32? { process.programID }

  /// Waits for the line of JSON with which it says that it is ready.
  ///
  /// - Throws: ``CommandError`` `devnet.start` if it ends, says something else or takes too long.
  func ready() async throws -> JSONValue {
    let first = await withTaskGroup(of: JSONValue?.self) { group in
      group.addTask {
        if let first = await self.lines.first() { return first }
        _ = await self.process.waitForExit()
        return nil
      }
      group.addTask {
        try? await Task.sleep(for: Self.startLimit)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    try Task.checkCancellation()
    guard let first else {
      throw failure(process.exit.map { "it \($0)" } ?? "it was not ready after \(Self.startLimit.components.seconds) s")
    }
    return first
  }

  /// Waits until it ends, which it should not.
  func failed() async -> CommandError? { await process.waitForExit().map { failure("it \($0)") } }

  /// Stops it where it is, so that it neither answers nor closes a connection.
  func freeze() { process.signal(SIGSTOP) }

  func stop() async { await process.stop(patience: Self.patience) }

  private func failure(_ reason: String) -> CommandError {
    CommandError(
      "devnet.start", "\(name) failed: \(reason). The end of \(log):\n\(tail)", remedy: "The log has the rest.",
      status: .failed)
  }

  private var tail: String {
    guard let file = FileHandle(forReadingAtPath: log), let size = try? file.seekToEnd() else { return "" }
    try? file.seek(toOffset: size > Self.tailBytes ? size - Self.tailBytes : 0)
    let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").suffix(Self.tailLines).map { "  | \($0)" }.joined(separator: "\n")
  }
}

/// The standard output of a process: the first line that is a JSON object is for this program, the rest for the log.
private final class Lines: Sendable {
  private let file: FileHandle
  private let log: FileHandle
  private let (stream, found) = AsyncStream.makeStream(of: JSONValue.self, bufferingPolicy: .bufferingOldest(1))

  /// The longest first line.
  private static let limit = 64 << 10

  init(_ file: FileHandle, log: FileHandle) {
    self.file = file
    self.log = log
  }

  func first() async -> JSONValue? { await stream.first { _ in true } }

  /// Reads on a thread of its own until the process ends.
  func read() {
    Thread.detachNewThread { [self] in
      var begin: [UInt8]? = []
      while true {
        let piece = file.availableData
        guard !piece.isEmpty else { return found.finish() }
        guard begin != nil else {
          try? log.write(contentsOf: piece)
          continue
        }
        begin?.append(contentsOf: piece)
        while let line = begin?.firstIndex(of: UInt8(ascii: "\n")).map({ Array(begin?[..<$0] ?? []) }) {
          begin?.removeFirst(line.count + 1)
          if let json = try? JSONValue(parsing: line), json.objectValue != nil {
            found.yield(json)
            if let rest = begin { try? log.write(contentsOf: Data(rest)) }
            begin = nil
          } else {
            try? log.write(contentsOf: Data(line + [UInt8(ascii: "\n")]))
          }
        }
        if begin?.count ?? 0 > Self.limit { begin = nil }
      }
    }
  }
}
