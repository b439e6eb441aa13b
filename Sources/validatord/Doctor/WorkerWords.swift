import Logging
import Synchronization

/// The last lines that a worker under examination wrote: when it fails, they say why.
final class WorkerWords: Sendable {
  private static let limit = 3

  private let lines = Mutex<[String]>([])

  /// Those lines, for the end of a sentence; empty if it wrote nothing.
  var quoted: String {
    let lines = lines.withLock(\.self)
    return lines.isEmpty ? "" : "; it wrote: " + lines.joined(separator: " / ")
  }

  /// For the worker's supervisor, whose own remarks are left out.
  var logger: Logger { Logger(label: "doctor.worker") { _ in Handler(words: self) } }

  private struct Handler: LogHandler {
    let words: WorkerWords
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      guard event.metadata?["stream"] != nil else { return }
      words.lines.withLock { $0 = ($0 + ["\(event.message)"]).suffix(WorkerWords.limit) }
    }
  }
}
