import ArgumentParser
import Foundation
import Substrate

/// How a command's answer is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json
}

/// A command's answer, for people as a table and for scripts as JSON.
enum Report {
  static func write(_ json: JSONValue) {
    write(text: pretty(json, indent: ""))
  }

  static func write(text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// Two columns: names, and what belongs to them.
  static func write(rows: [(String, String)]) {
    let width = rows.map(\.0.count).max() ?? 0
    for (name, value) in rows {
      write(text: name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + value)
    }
  }

  /// A table under headings; numbers to the right are the caller's choice by `right`.
  static func write(headings: [String], rows: [[String]], right: Set<Int> = []) {
    var widths = headings.map(\.count)
    for row in rows {
      for (column, cell) in row.enumerated() where column < widths.count {
        widths[column] = max(widths[column], cell.count)
      }
    }
    for row in [headings] + rows {
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
        return right.contains(column) ? padding + cell : cell + padding
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      write(text: line)
    }
  }

  /// JSON over several lines, members in order of their names.
  private static func pretty(_ json: JSONValue, indent: String) -> String {
    let inner = indent + "  "
    switch json {
    case .array(let elements) where !elements.isEmpty:
      let lines = elements.map { inner + pretty($0, indent: inner) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let members) where !members.isEmpty:
      let lines = members.sorted { $0.key < $1.key }.map { member in
        inner + JSONValue.string(member.key).description + ": " + pretty(member.value, indent: inner)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    default: return json.description
    }
  }
}
