/// The reference of the configuration, made from ``Settings``: docs/configuration.md.
enum SettingsReference {
  /// The whole document.
  static var markdown: String {
    var text = introduction
    for section in sections {
      text += "\n## \(section.title)\n\n| key | takes | default | |\n|---|---|---|---|\n"
      for entry in Settings.all where section.names.contains(entry.section) {
        text += "| `\(entry.name)` | \(entry.takes) | \(standard(entry)) | \(entry.meaning) |\n"
      }
    }
    return text + "\n" + closing
  }

  private static let sections: [(title: String, names: [String])] = [
    ("The chain", ["chain"]), ("The node", ["node", "p2p", "operations", "log"]), ("The API protocol", ["api"]),
    ("The epoch", ["epoch"]),
    ("The hoster", ["hoster"]), ("The validator", ["validator"]),
  ]

  private static func standard(_ entry: SettingEntry) -> String {
    switch entry.need {
    case .required: "required"
    case .optional: "–"
    case .standard(""): "none"
    case .standard(let text): "`\(text)`"
    }
  }

  private static let introduction = """
    # Configuration

    `validatord hoster` and `validatord validator` read the same configuration, so one file may serve both; what is only
    for the other one is left alone. Made by `validatord config reference`; a test keeps it equal to the code.

    ```yaml
    chain:
      rpc:
        - wss://rpc.example.org
        - ws://127.0.0.1:9944
      subnet: 1
    node:
      peer-key: peer.key
      hotkey: hotkey.json
      data: /var/lib/validatord
    p2p:
      listen: [/ip4/0.0.0.0/tcp/4001]
      bootstrap: []
    hoster:
      model: /srv/models/gpt2
    ```

    Each key can be given in three places; the first that has it wins:

    1. as a flag, its dots as dashes: `--chain-rpc wss://rpc.example.org`. Those of lists may be given several times;
    2. as an environment variable: `VALIDATORD_CHAIN_RPC`, the values of a list separated by commas;
    3. in the file named by `--config`: YAML, or JSON if its name ends so, nested or dotted.

    Relative paths are relative to the file's folder, those of flags and variables to the working folder. A key that is
    none is refused, and everything that is wrong is told at once, with exit code 78. Secrets are never values: keys name
    files that hold them, which must not be open to others than their owner.

    ```sh
    validatord config check --config node.yaml     # everything that is wrong, and with the files that it names
    validatord config show --origin --config node.yaml
    ```

    Both daemons print one line of JSON to standard output when they are ready, and log to standard error.

    """

  private static let closing = """
    What is marked as the same at every node or validator has to be agreed on in the subnet: with another value a node
    computes other answers, or other scores, than everyone else.
    """
}
