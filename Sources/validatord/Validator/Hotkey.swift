import Substrate
import Validator

/// The key that signs a node's duties, while this process has it for itself.
struct Hotkey: Sendable {
  let signer: Signer
  private let lock: InstanceLock

  /// Reads the key; may take half a second for a sealed one.
  ///
  /// - Throws: ``CommandError`` for a file that is not there or open to others, or a wrong passphrase; `store.locked` if
  ///   another process signs with it.
  static func load(_ node: NodeSettings) async throws -> Hotkey {
    guard let path = node.hotkey else {
      throw CommandError(
        "node.hotkey", "a validator signs with a hotkey", remedy: "Set node.hotkey.", status: .configuration)
    }
    return try await ValidatorFailure.translate {
      let key = try KeyFile.load(path: path) { file in
        guard let secret = node.passphraseFile else {
          throw CommandError(
            "node.passphrase-file", "\(file.path) is sealed", remedy: "Set node.passphrase-file.",
            status: .configuration)
        }
        return try SecretFile.read(secret)
      }
      // Two processes with one key would be two signers.
      return Hotkey(
        signer: Signer(key, allowing: HypertensorCall.consensusDuties), lock: try InstanceLock(locking: path))
    }
  }
}
