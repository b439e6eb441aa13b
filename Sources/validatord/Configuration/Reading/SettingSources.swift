import Configuration
import Foundation

/// Where the configuration comes from: flags, then environment, then file.
struct SettingSources: Sendable {
  private let flags: InMemoryProvider
  private let environment: EnvironmentVariablesProvider
  private let variables: Set<String>
  private let file: ConfigurationFile?
  private let workingFolder: String

  /// - Parameters:
  ///   - file: the configuration's file; nil for none.
  ///   - environment: the process's.
  /// - Throws: ``CommandError`` as ``ConfigurationFile``.
  init(
    flags: SettingFlags, environment: [String: String] = ProcessInfo.processInfo.environment, file: String?,
    workingFolder: String = FileManager.default.currentDirectoryPath
  ) throws {
    self.flags = InMemoryProvider(
      name: "flags",
      values: Dictionary(
        uniqueKeysWithValues: flags.texts.map {
          (
            AbsoluteConfigKey($0.key.split(separator: ".").map(String.init)),
            ConfigValue(.stringArray($0.value), isSecret: false)
          )
        }))
    variables = Set(environment.keys.filter { $0.hasPrefix(SettingEntry.variablePrefix) })
    self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
    self.file = try file.map(ConfigurationFile.init)
    self.workingFolder = workingFolder
  }

  /// What was said about a key; nil if nothing was.
  ///
  /// - Throws: ``SettingFault`` for what no text can be made from.
  func raw(_ entry: SettingEntry) throws(SettingFault) -> RawSetting? {
    let key = AbsoluteConfigKey(entry.components)
    if let value = try? flags.value(forKey: key, type: .stringArray).value, case .stringArray(let texts) = value.content
    {
      return RawSetting(texts: texts, origin: .flag(entry.flag), folder: workingFolder)
    }
    let prefix = SettingEntry.variablePrefix.split(separator: "_").map(String.init)
    if let texts = Self.texts(of: entry, AbsoluteConfigKey(prefix + entry.components), in: environment.snapshot()) {
      return RawSetting(texts: texts, origin: .environment(entry.variable), folder: workingFolder)
    }
    guard let file, let place = file.keys.first(where: { $0.name == entry.name }) else { return nil }
    guard !place.isEmpty, let texts = Self.texts(of: entry, key, in: file.snapshot) else {
      throw SettingFault("takes \(entry.takes)")
    }
    return RawSetting(texts: texts, origin: .file(file.path, line: place.line), folder: file.folder)
  }

  /// Where a key stands in the file, for what is wrong with it.
  func place(of entry: SettingEntry) -> SettingOrigin? {
    guard let file, let place = file.keys.first(where: { $0.name == entry.name }) else { return nil }
    return .file(file.path, line: place.line)
  }

  /// What is said that no key is for, with what may have been meant.
  func unknown() -> [SettingProblem] {
    let names = Settings.all.map(\.name)
    let inFile = (file?.keys ?? []).filter { !names.contains($0.name) }.map { key in
      let section = Settings.all.contains { $0.name.hasPrefix(key.name + ".") }
      return SettingProblem(
        key: key.name, origin: .file(file?.path ?? "", line: key.line),
        text: section
          ? "has keys of its own below it"
          : "is no key" + (Spelling.nearest(to: key.name, among: names).map { "; did you mean \($0)?" } ?? ""))
    }
    let known = Set(Settings.all.map(\.variable))
    // Other programs around this one have variables that begin alike; those of a section are nobody else's.
    let sections = Set(Settings.all.map { SettingEntry.variablePrefix + $0.section.uppercased() + "_" })
    let inEnvironment = variables.subtracting(known).filter { name in sections.contains { name.hasPrefix($0) } }
      .sorted()
      .map { name in
        SettingProblem(
          key: name, origin: .environment(name),
          text: "is no variable of the configuration"
            + (Spelling.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""))
      }
    return inFile + inEnvironment
  }

  /// The texts of a key from one source. Files have numbers and truth values of their own types.
  private static func texts(
    of entry: SettingEntry, _ key: AbsoluteConfigKey, in snapshot: any ConfigSnapshot
  ) -> [String]? {
    func content(_ type: ConfigType) -> ConfigContent? { try? snapshot.value(forKey: key, type: type).value?.content }
    if entry.isList, case .stringArray(let texts)? = content(.stringArray) { return texts == [""] ? [] : texts }
    if entry.isList, case .intArray(let numbers)? = content(.intArray) { return numbers.map { "\($0)" } }
    if case .string(let text)? = content(.string) { return [text] }
    if entry.isSwitch, case .bool(let isOn)? = content(.bool) { return ["\(isOn)"] }
    if case .int(let number)? = content(.int) { return ["\(number)"] }
    return nil
  }
}
