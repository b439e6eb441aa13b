import Foundation

/// What the system knows of this process.
enum ProcessFigures {
  /// When it began, as far as this program knows.
  private static let start = Date().timeIntervalSince1970

  /// Notes when it began; the first thing that a daemon does.
  static func begin() { _ = start }

  /// Lines for `/metrics`.
  static var lines: [(name: String, labels: [(String, String)], value: Double)] {
    var lines: [(String, [(String, String)], Double)] = [("process_start_time_seconds", [], start)]
    if let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      .dropFirst().first.flatMap({ Double($0) })
    {
      lines.append(("process_resident_memory_bytes", [], pages * Double(sysconf(Int32(_SC_PAGESIZE)))))
    }
    if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      lines.append(("process_open_fds", [], Double(open)))
    }
    return lines
  }
}
