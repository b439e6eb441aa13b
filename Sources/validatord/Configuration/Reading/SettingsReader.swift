/// Reads keys, one after the other, and keeps what is wrong with them until all are read.
struct SettingsReader {
  private let sources: SettingSources
  private(set) var problems: [SettingProblem] = []
  /// The names of all keys that were read.
  private(set) var names: Set<String> = []

  init(_ sources: SettingSources) {
    self.sources = sources
    problems = sources.unknown()
  }

  /// The value of a key, or its default; nil without either, and if something is wrong with it, which is kept.
  mutating func value<Value>(_ setting: Setting<Value>) -> Value? {
    let entry = setting.entry
    names.insert(entry.name)
    do throws(SettingFault) {
      if let raw = try sources.raw(entry) {
        do throws(SettingFault) {
          return try setting.form.read(raw.texts, raw.folder)
        } catch {
          report(entry, at: raw.origin, error.text)
          return nil
        }
      }
    } catch {
      report(entry, at: sources.place(of: entry), error.text)
      return nil
    }
    switch entry.need {
    case .optional: return nil
    case .required:
      report(entry, "is missing; it takes \(entry.takes)")
      return nil
    case .standard(let text):
      return try? setting.form.read(entry.isList && text.isEmpty ? [] : [text], "")
    }
  }

  /// Whether a key, which may be left out, was given.
  func isGiven(_ entry: SettingEntry) -> Bool { (try? sources.raw(entry)) != nil }

  /// Keeps what is wrong with a key beyond its own text, such as what contradicts another.
  mutating func report(_ entry: SettingEntry, _ text: String) {
    report(entry, at: (try? sources.raw(entry))?.origin, text)
  }

  private mutating func report(_ entry: SettingEntry, at origin: SettingOrigin?, _ text: String) {
    problems.append(SettingProblem(key: entry.name, origin: origin, text: text))
  }
}
