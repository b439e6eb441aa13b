import Substrate

/// Lines of named cells, which come out as a table, as JSON or as CSV.
struct ScoresTable {
  struct Column {
    /// The member's name in JSON and the heading in CSV.
    let name: String
    /// The heading for people.
    let heading: String
    var isNumber = false
  }

  struct Cell {
    let json: JSONValue
    /// For people; nil for the plain value.
    var text: String?

    init(_ json: JSONValue, text: String? = nil) {
      self.json = json
      self.text = text
    }
  }

  let columns: [Column]
  let rows: [[Cell]]

  func write(_ format: ScoresFormat) {
    switch format {
    case .table:
      Report.write(
        headings: columns.map(\.heading), rows: rows.map { row in row.map { $0.text ?? $0.json.tableText } },
        right: Set(columns.indices.filter { columns[$0].isNumber }))
    case .json:
      Report.write(
        .array(
          rows.map { row in .object(Dictionary(zip(columns.map(\.name), row.map(\.json))) { first, _ in first }) }))
    case .csv:
      Report.write(text: columns.map { Self.quoted($0.name) }.joined(separator: ","))
      for row in rows {
        Report.write(text: row.map { Self.quoted($0.json.isNull ? "" : $0.json.tableText) }.joined(separator: ","))
      }
    }
  }

  /// A field as RFC 4180 has it. A leading sign that a spreadsheet takes for a formula is disarmed by a quote.
  static func quoted(_ text: String) -> String {
    var text = text
    if let first = text.first, "=+-@\t\r".contains(first), Double(text) == nil { text = "'" + text }
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

extension ScoresTable.Cell {
  init(_ number: some BinaryInteger) { self.init(JSONValue(number)) }
  init(_ text: String?) { self.init(text.map { .string($0) } ?? .null) }
  init(score: UInt64?) {
    // Text, because most JSON readers keep only 53 bits of a number.
    self.init(score.map { .string("\($0)") } ?? .null, text: score.map { FixedU128(UInt128($0)).percent } ?? "–")
  }
}
