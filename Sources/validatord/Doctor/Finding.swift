import Substrate

/// One thing that was looked at, and how it is.
struct Finding: Sendable, Hashable {
  enum Grade: String, Sendable, Comparable, CaseIterable {
    case ok
    /// Works, and will stop working or costs money if nobody does something.
    case warning
    /// Does not work.
    case failure
    /// Could not be looked at, because something before it failed.
    case skipped

    static func < (left: Grade, right: Grade) -> Bool { left.severity < right.severity }

    private var severity: Int {
      switch self {
      case .ok: 0
      case .skipped: 1
      case .warning: 2
      case .failure: 3
      }
    }
  }

  /// A stable name, such as `key.hotkey`.
  let name: String
  let grade: Grade
  /// What was found.
  let text: String
  /// What to do about it; empty if nothing.
  let remedy: String

  init(_ name: String, _ grade: Grade, _ text: String, remedy: String = "") {
    self.name = name
    self.grade = grade
    self.text = text
    self.remedy = grade == .ok ? "" : remedy
  }

  /// An error as what it says about `name`.
  init(_ name: String, failed error: any Error) {
    if let error = error as? any SubstrateError {
      self.init(name, .failure, error.message, remedy: error.remedy)
    } else {
      self.init(name, .failure, "\(error)")
    }
  }

  var json: JSONValue {
    ["name": .string(name), "grade": .string(grade.rawValue), "text": .string(text), "remedy": .string(remedy)]
  }

  /// Findings under one another, each remedy below what it is for.
  static func write(_ findings: [Finding]) {
    // Findings are also written one by one.
    let width = max(14, findings.map(\.name.count).max() ?? 0)
    for finding in findings {
      let grade = finding.grade == .ok ? "ok" : finding.grade.rawValue
      let mark = grade.padding(toLength: 8, withPad: " ", startingAt: 0)
      Report.write(text: mark + finding.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + finding.text)
      if !finding.remedy.isEmpty {
        Report.write(text: String(repeating: " ", count: 8 + width + 2) + "→ " + finding.remedy)
      }
    }
  }
}
