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

  /// The fourth field of its `stat`; the second, its name, may hold anything but ends with the last parenthesis.
  private static func parent(of id: pid_t) -> pid_t? {
    guard let file = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
    let text = String(decoding: file, as: UTF8.self)
    guard let nameEnd = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: nameEnd)...].split(separator: " ")
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }
}
