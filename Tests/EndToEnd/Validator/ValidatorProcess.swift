import Foundation
import Testing

/// `validatord validator` as a process, configured by a file of its own.
struct ValidatorProcess {
  let program: RunningProgram
  let address: String

  /// The database of a validator, once it was started.
  static func database(_ index: Int, in subnet: ManualSubnet) -> String {
    "\(subnet.folder.path)/validator-\(index)/node.sqlite"
  }

  /// The configuration file of a validator, once it was started.
  static func configuration(_ index: Int, in subnet: ManualSubnet) -> String {
    "\(subnet.folder.path)/validator-\(index).yaml"
  }

  /// Runs `body` beside a validator that is ready, and ends it whatever happens.
  static func with(
    _ index: Int, _ subnet: ManualSubnet, bootstrap: [String], _ body: (ValidatorProcess) async throws -> Void
  ) async throws {
    let peer = subnet.validators[index]
    let file = configuration(index, in: subnet)
    let yaml = """
      chain: {rpc: ["\(subnet.chain.webSocketURL)"], subnet: \(ManualSubnet.subnetID)}
      node: {peer-key: "\(peer.file)", hotkey: "\(peer.hotkeyFile)", data: validator-\(index)}
      p2p: {listen: [/ip4/127.0.0.1/tcp/0], bootstrap: [\(bootstrap.map { "\"\($0)\"" }.joined(separator: ", "))]}
      operations: {listen: "127.0.0.1:0"}
      epoch: {vocabulary: \(ManualSubnet.vocabulary)}
      """
    try Data(yaml.utf8).write(to: URL(filePath: file))
    try await RunningProgram.with(["validator", "--config", file]) { program in
      try await body(ValidatorProcess(program: program, address: try await program.address()))
    }
  }

  /// Whether it wrote something to its log.
  func hasLogged(_ text: String) -> Bool { program.errors.contains(text) }
}
