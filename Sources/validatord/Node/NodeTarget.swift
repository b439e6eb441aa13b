import ArgumentParser
import Foundation
import Substrate

/// Which node of a subnet is meant.
struct NodeTarget: ParsableArguments {
  @Argument(help: "The subnet's id.") var subnet: UInt32
  @Argument(help: "The node's id, its hotkey's address or key file, or one of its peer ids.") var node: String

  /// - Throws: ``CommandError`` `chain.no-node` if the subnet has no such node.
  func find(_ state: BlockState) async throws -> SubnetNode {
    let subnetState = state.subnet(subnet)
    let id: UInt32?
    if let number = UInt32(node) {
      id = number
    } else if node.hasPrefix("0x") || FileManager.default.fileExists(atPath: node) {
      id = try await subnetState.nodeID(hotkey: Self.account(node))
    } else {
      id = try await subnetState.nodeID(peerID: node)
    }
    guard let id, let found = try await subnetState.node(id) else {
      throw CommandError(
        "chain.no-node", "subnet \(subnet) has no node \(node) at block \(state.number)",
        remedy: "`validatord chain nodes \(subnet)` lists them.", status: .failed)
    }
    return found
  }

  /// An account by its address or its key file, which is not decrypted.
  static func account(_ text: String) throws -> AccountID {
    if text.hasPrefix("0x") { return try AccountID(text) }
    guard let account = try KeyFile.inspect(text).accountID else {
      throw CommandError(
        "usage.account", "\(text) does not tell its address", remedy: "Give the address: `validatord keys address`.")
    }
    return account
  }

  static func planck(_ text: String) throws -> Planck {
    guard let amount = Planck(tensor: text) else {
      throw CommandError("usage.amount", "\(text) is no amount of TENSOR", remedy: "Write it like 100.5.")
    }
    return amount
  }

  /// A part of the whole: `12.5` is an eighth.
  static func percent(_ text: String) throws -> FixedU128 {
    // An amount has as many digits as a ratio; a hundredth of it is a percent.
    guard let amount = Planck(tensor: text), amount.value <= 100 * FixedU128.one.value else {
      throw CommandError("usage.percent", "\(text) is no percentage", remedy: "Write it like 12.5, up to 100.")
    }
    return FixedU128(amount.value / 100)
  }
}
