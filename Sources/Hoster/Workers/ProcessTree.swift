import Foundation

/// Who descends from whom, by what /proc says.
enum ProcessTree {
  /// All processes below `ancestor`, at this moment.
  static func descendants(of ancestor: pid_t) -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let id = pid_t(name), let parent = parent(of: id) else { continue }
      children[parent, default: []].append(id)
    }
    var found: [pid_t] = []
    var unseen = children[ancestor] ?? []
    while let next = unseen.popLast() {
      found.append(next)
      unseen += children.removeValue(forKey: next) ?? []
    }
    return found
  }

  /// The child of `parent` that was started first, at this moment; nil if there is none.
  static func oldestChild(of parent: pid_t) -> pid_t? {
    var oldest: (id: pid_t, start: UInt64)?
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let id = pid_t(name), let fields = stat(id), fields.count > startTime, pid_t(fields[1]) == parent,
        let start = UInt64(fields[startTime])
      else { continue }
      if oldest.map({ (start, id) < ($0.start, $0.id) }) ?? true { oldest = (id, start) }
    }
    return oldest?.id
  }

  private static func parent(of id: pid_t) -> pid_t? {
    stat(id).flatMap { fields in fields.count > 1 ? pid_t(fields[1]) : nil }
  }

  /// Where ``stat(_:)`` has the clock ticks between the machine's start and the process's.
  private static let startTime = 19

  /// The fields of a process's `stat` from the third on: its state, its parent, and so on. The second, its name, may
  /// hold anything but ends with the last parenthesis.
  private static func stat(_ id: pid_t) -> [Substring]? {
    guard let file = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
    let text = String(decoding: file, as: UTF8.self)
    guard let nameEnd = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: nameEnd)...].split(separator: " ")
  }
}
