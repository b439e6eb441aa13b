/// One event of a block.
public struct EventRecord: Sendable, Hashable {
  /// When in the block it happened.
  public enum Phase: Sendable, Hashable {
    case initialization
    /// While the extrinsic with that index ran.
    case extrinsic(Int)
    case finalization
  }

  public let phase: Phase
  public let pallet: String
  public let name: String
  /// Its content: named fields, a tuple, a single value or nothing.
  public let content: ScaleValue

  /// Whether this is the event `Pallet.Name`.
  public func isEvent(_ pallet: String, _ name: String) -> Bool {
    self.pallet == pallet && self.name == name
  }
}

extension EventRecord {
  init(_ record: ScaleValue) throws(ScaleError) {
    let phase = try record.field("phase") { v throws(ScaleError) in try v.enumeration() }
    switch phase.name {
    case "Initialization": self.phase = .initialization
    case "ApplyExtrinsic": self.phase = .extrinsic(try phase.value.integer())
    case "Finalization": self.phase = .finalization
    default: throw ScaleError(.mismatch, "an event in the unknown phase \(phase.name)")
    }
    let outer = try record.field("event") { v throws(ScaleError) in try v.enumeration() }
    let inner = try outer.value.enumeration()
    pallet = outer.name
    name = inner.name
    content = inner.value
  }

  /// Decodes the bytes of `System.Events` with the metadata of the runtime that wrote them.
  public static func decode(_ bytes: [UInt8], metadata: RuntimeMetadata) throws -> [EventRecord] {
    let item = try metadata.storage("System", "Events")
    guard let records = try item.value(bytes, types: metadata.types) else { return [] }
    return try records.map { v throws(ScaleError) in try EventRecord(v) }
  }
}

extension BlockState {
  /// The events of this block in order, decoded by the runtime that executed it.
  public func events() async throws -> [EventRecord] {
    let metadata = try await executingRuntime().metadata
    let key = try metadata.storage("System", "Events").key(types: metadata.types)
    guard let bytes = try await raw(key) else { return [] }
    return try EventRecord.decode(bytes, metadata: metadata)
  }

  /// The extrinsics of this block as they were sent, in order.
  public func extrinsics() async throws -> [[UInt8]] {
    let answer = try await client.rpc.call("chain_getBlock", [at], timeout: ChainClient.timeout)
    guard answer != .null else { throw ChainError(.unknownBlock, "no endpoint has the block \(hash)") }
    guard let sent = answer["block"]?["header"], try BlockHeader(json: sent).hash == hash else {
      throw ChainError(.malformed, "chain_getBlock gave another block than \(hash)")
    }
    let list = answer["block"]?["extrinsics"]?.arrayValue
    let extrinsics = list?.compactMap(\.hexBytes)
    guard let extrinsics, extrinsics.count == list?.count else {
      throw ChainError(.malformed, "chain_getBlock gave no extrinsics for \(hash)")
    }
    return extrinsics
  }
}
