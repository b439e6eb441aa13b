/// Which of the known generations of Hypertensor a runtime belongs to.
///
/// Only the `network_*` results depend on it; calls, storage, events and errors go by metadata. The
/// runtime's version number says nothing: it was 1 throughout. Source: spec/chain.md §1.
public enum Generation: String, Sendable, CaseIterable {
  /// December 2025.
  case a = "A"
  /// February 2026: peers with addresses, proof of stake with a minimum stake.
  case b = "B"
  /// June 2026: validators with ids of their own.
  case c = "C"

  /// Tells the generation from what the runtime declares.
  ///
  /// - Throws: ``ChainError`` `unsupported` for a runtime that fits none.
  public init(_ metadata: RuntimeMetadata) throws(ChainError) {
    if let api = metadata.apis.first(where: { $0.name == "NetworkRuntimeApi" }) {
      let proof = api.methods.first { $0.name == "proof_of_stake" }
      switch proof?.inputs.count {
      case 4 where api.methods.contains { $0.name == "get_validator_stakes" }: self = .c
      case 4: self = .b
      case 3: self = .a
      default: throw Self.unknown
      }
      return
    }
    if (try? metadata.call("Network", "register_validator")) != nil {
      self = .c
      return
    }
    let arguments = (try? metadata.call("Network", "register_subnet_node"))?.arguments.compactMap(\.name) ?? []
    if arguments.contains("peer_info") {
      self = .b
    } else if arguments.contains("peer_id") {
      self = .a
    } else {
      throw Self.unknown
    }
  }

  private static let unknown = ChainError(
    .unsupported, "the runtime's Network pallet is of no generation that this build knows")
}
