/// How the text of a key becomes its value.
struct SettingForm<Value: Sendable>: Sendable {
  /// What it takes, in words for the operator: `a number from 1 to 64`.
  let takes: String
  let isList: Bool
  let isSwitch: Bool
  /// Reads the text, several texts of a list. Relative paths are relative to the folder.
  let read: @Sendable (_ texts: [String], _ folder: String) throws(SettingFault) -> Value

  init(
    _ takes: String, isSwitch: Bool = false,
    _ read: @escaping @Sendable (_ text: String, _ folder: String) throws(SettingFault) -> Value
  ) {
    self.takes = takes
    isList = false
    self.isSwitch = isSwitch
    self.read = { (texts: [String], folder: String) throws(SettingFault) in
      guard texts.count == 1, let text = texts.first else { throw SettingFault("takes one value, not \(texts.count)") }
      return try read(text, folder)
    }
  }

  init(
    listOf takes: String,
    _ read: @escaping @Sendable (_ texts: [String], _ folder: String) throws(SettingFault) -> Value
  ) {
    self.takes = "a list of \(takes)"
    isList = true
    isSwitch = false
    self.read = read
  }
}

/// What is wrong with a value, in words that follow the key's name: `takes one value, not 2`.
struct SettingFault: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

extension SettingForm where Value == String {
  /// Any text.
  static func text(_ takes: String) -> Self {
    Self(takes) { (text, _) throws(SettingFault) in
      guard !text.isEmpty else { throw SettingFault("is empty") }
      return text
    }
  }

  /// A file or folder; comes out absolute.
  static func path(_ takes: String) -> Self {
    Self(takes) { (text, folder) throws(SettingFault) in
      guard !text.isEmpty, !text.contains("\0") else { throw SettingFault("is no path") }
      return text.hasPrefix("/") ? text : "\(folder)/\(text)"
    }
  }
}

extension SettingForm where Value == [String] {
  /// Any texts, none of them empty.
  static func texts(_ takes: String) -> Self {
    Self(listOf: takes) { (texts, _) throws(SettingFault) in
      guard !texts.contains("") else { throw SettingFault("has an empty value") }
      return texts
    }
  }
}

extension SettingForm where Value == Bool {
  static var flag: Self {
    Self("true or false", isSwitch: true) { (text, _) throws(SettingFault) in
      switch text.lowercased() {
      case "true", "yes", "1": return true
      case "false", "no", "0": return false
      default: throw SettingFault("takes true or false, not \(text.quotedForReader)")
      }
    }
  }
}

extension SettingForm where Value: FixedWidthInteger {
  /// A whole number within bounds.
  static func number(_ range: ClosedRange<Value>, unit: String = "") -> Self {
    Self("a number from \(range.lowerBound) to \(range.upperBound)\(unit)") { (text, _) throws(SettingFault) in
      guard let number = Value(text), range.contains(number) else {
        throw SettingFault(
          "takes a number from \(range.lowerBound) to \(range.upperBound), not \(text.quotedForReader)")
      }
      return number
    }
  }
}

extension SettingForm where Value == UInt64 {
  private static var units: [(name: String, bytes: UInt64)] { [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)] }

  /// A number of bytes with its unit, `512 MiB`.
  static func size(_ range: ClosedRange<UInt64>) -> Self {
    Self("a size such as 512 MiB, 8 GiB") { (text, _) throws(SettingFault) in
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let rest = text.dropFirst(digits.count).drop { $0 == " " }
      guard let unit = units.first(where: { $0.name == rest })?.bytes, let count = UInt64(digits) else {
        throw SettingFault("takes a size such as 512 MiB or 8 GiB, not \(text.quotedForReader)")
      }
      let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit)
      guard !isTooLarge, range.contains(bytes) else {
        throw SettingFault(
          "takes a size from \(range.lowerBound >> 20) MiB to \(range.upperBound >> 20) MiB, not \(text.quotedForReader)"
        )
      }
      return bytes
    }
  }
}

extension SettingForm where Value == Int {
  /// Whole percents.
  static var percent: Self { .number(0...100, unit: " (percent)") }
}

extension SettingForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the names that the type has.
  static var choice: Self {
    let names = Value.allCases.map(\.rawValue)
    return Self(names.joined(separator: ", ")) { (text, _) throws(SettingFault) in
      guard let value = Value(rawValue: text) else {
        let near = Spelling.nearest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
        throw SettingFault("takes one of \(names.joined(separator: ", ")), not \(text.quotedForReader)\(near)")
      }
      return value
    }
  }
}

extension SettingForm where Value == Duration {
  private static var units: [(name: String, milliseconds: Int64)] {
    [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)]
  }

  /// A time with its unit, `10 s`; without one, seconds.
  static func time(_ range: ClosedRange<Duration>) -> Self {
    Self("a time such as 500 ms, 10 s, 5 min") { (text, _) throws(SettingFault) in
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let rest = text.dropFirst(digits.count).drop { $0 == " " }
      let unit = rest.isEmpty ? 1000 : units.first { $0.name == rest }?.milliseconds
      guard let unit, let count = Int64(digits) else {
        throw SettingFault("takes a time such as 500 ms, 10 s or 5 min, not \(text.quotedForReader)")
      }
      let (milliseconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
      guard !isTooLong, milliseconds < Int64.max / 1000, range.contains(.milliseconds(milliseconds)) else {
        throw SettingFault("takes a time from \(range.lowerBound) to \(range.upperBound), not \(text.quotedForReader)")
      }
      return .milliseconds(milliseconds)
    }
  }
}

extension String {
  /// What an operator or a file wrote, cut and escaped so that it can stand in an error.
  var quotedForReader: String {
    let shown = unicodeScalars.prefix(64).map { $0.escaped(asASCII: false) }.joined()
    return unicodeScalars.count > 64 ? "\"\(shown)…\"" : "\"\(shown)\""
  }
}
