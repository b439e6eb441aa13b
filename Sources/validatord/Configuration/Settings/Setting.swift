/// One key of the configuration: its name, what it takes, what holds without it.
///
/// All keys stand in ``Settings``. What reads the configuration, explains it and documents it goes by that table.
struct Setting<Value: Sendable>: Sendable {
  /// What belongs to the key whatever type its value has.
  let entry: SettingEntry
  /// How its text becomes a value.
  let form: SettingForm<Value>

  /// - Parameters:
  ///   - name: dotted, such as `chain.rpc`.
  ///   - form: what it takes.
  ///   - need: whether it may be left out.
  ///   - meaning: one sentence for the operator.
  init(
    _ name: String, _ form: SettingForm<Value>, _ need: SettingEntry.Need = .optional,
    for role: NodeRoleScope = .both, _ meaning: String
  ) {
    self.form = form
    entry = SettingEntry(
      name: name, takes: form.takes, isList: form.isList, isSwitch: form.isSwitch, need: need, role: role,
      meaning: meaning)
  }
}

/// A key of the configuration without its type.
struct SettingEntry: Sendable, Hashable {
  /// What holds when the key is left out.
  enum Need: Sendable, Hashable {
    /// The daemon does not start.
    case required
    /// Nothing.
    case optional
    /// The value that this text gives.
    case standard(String)
  }

  /// Dotted, such as `chain.rpc`.
  let name: String
  /// What it takes, for the operator.
  let takes: String
  /// Whether it may have several values.
  let isList: Bool
  /// Whether its flag means true without a value.
  let isSwitch: Bool
  let need: Need
  /// Which daemon it is for; the other one ignores it.
  let role: NodeRoleScope
  /// One sentence for the operator.
  let meaning: String

  /// The key's flag, `--chain-rpc`.
  var flag: String { "--" + name.replacing(".", with: "-") }

  /// The key's environment variable, `VALIDATORD_CHAIN_RPC`.
  var variable: String {
    Self.variablePrefix + name.uppercased().replacing(".", with: "_").replacing("-", with: "_")
  }

  /// The part before the dot.
  var section: String { name.prefix { $0 != "." }.description }

  /// The parts between dots, as providers want them.
  var components: [String] { name.split(separator: ".").map(String.init) }

  /// What every variable of the configuration begins with.
  static let variablePrefix = "VALIDATORD_"
}

/// Which daemons a key is for.
enum NodeRoleScope: String, Sendable, Hashable, CaseIterable {
  case both, hoster, validator
}
