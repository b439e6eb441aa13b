private import Synchronization

/// The chain as it is after one block.
///
/// Every read names the block, so answers belong together whatever the chain does meanwhile. The runtime is
/// looked up once, when it is first needed.
public struct BlockState: Sendable {
  public let client: ChainClient
  public let header: BlockHeader
  public let hash: BlockHash
  private let runtimeOnce: Once<RuntimeSnapshot>

  init(client: ChainClient, header: BlockHeader, hash: BlockHash) {
    self.client = client
    self.header = header
    self.hash = hash
    runtimeOnce = Once { try await client.runtime(after: hash) }
  }

  public var number: UInt64 { header.number }
  public var reference: BlockReference { BlockReference(number: header.number, hash: hash) }
  var at: JSONValue { .string(hash.description) }

  /// The runtime that this state belongs to.
  public func runtime() async throws -> RuntimeSnapshot { try await runtimeOnce.value() }

  public func metadata() async throws -> RuntimeMetadata { try await runtime().metadata }

  /// The runtime that executed this block, and so encoded its events and took its extrinsics. It differs
  /// from ``runtime()`` in a block that upgrades the runtime.
  public func executingRuntime() async throws -> RuntimeSnapshot {
    header.number == 0 ? try await runtime() : try await client.runtime(after: header.parent)
  }

  // MARK: Storage

  /// The value of a storage item; the item's default where nothing is stored, nil if it has none.
  public func value(_ pallet: String, _ item: String, _ keys: ScaleValue...) async throws -> ScaleValue? {
    try await value(pallet, item, keys: keys)
  }

  public func value(_ pallet: String, _ item: String, keys: [ScaleValue]) async throws -> ScaleValue? {
    let types = try await metadata().types
    let item = try await completeItem(pallet, item, keys)
    return try item.value(try await raw(item.key(keys, types: types)), types: types)
  }

  /// The value that is really stored, never a default; nil where nothing is stored.
  ///
  /// Many Hypertensor items make up a default, such as a node full of zeroes, that must not be taken for a
  /// stored one (spec/chain.md §8).
  public func stored(_ pallet: String, _ item: String, _ keys: ScaleValue...) async throws -> ScaleValue? {
    let types = try await metadata().types
    let item = try await completeItem(pallet, item, keys)
    guard let bytes = try await raw(item.key(keys, types: types)) else { return nil }
    return try item.value(bytes, types: types)
  }

  /// The bytes under a key, as they are stored.
  public func raw(_ key: [UInt8]) async throws -> [UInt8]? {
    let answer = try await client.rpc.call(
      "state_getStorage", [.string(Hex.encode(key)), at], timeout: ChainClient.timeout)
    if answer == .null { return nil }
    guard let bytes = answer.hexBytes else { throw ChainError(.malformed, "state_getStorage gave no hex") }
    return bytes
  }

  private func completeItem(_ pallet: String, _ name: String, _ keys: [ScaleValue]) async throws -> StorageItem {
    let item = try await metadata().storage(pallet, name)
    guard keys.count == item.keyTypes.count else {
      let types = try await metadata().types
      let names = item.keyTypes.map { types.name(of: $0) }.joined(separator: ", ")
      throw MetadataError(
        .keyMismatch, "\(item.name) takes \(item.keyTypes.count) key parts, \(keys.count) are given",
        remedy: item.keyTypes.isEmpty ? "It is a single value." : "They are: \(names).")
    }
    return item
  }

  // MARK: Constants

  public func constant(_ pallet: String, _ name: String) async throws -> ScaleValue {
    try await metadata().constant(pallet, name)
  }

  // MARK: Runtime APIs

  /// Calls a runtime API by name; its types come from metadata V15.
  public func call(_ api: String, _ method: String, _ arguments: [ScaleValue] = []) async throws -> ScaleValue {
    let metadata = try await metadata()
    let declared = try metadata.api(api, method)
    guard arguments.count == declared.inputs.count else {
      let names = declared.inputs.map { "\($0.name): \(metadata.types.name(of: $0.type))" }.joined(separator: ", ")
      throw MetadataError(
        .unsupported, "\(api).\(method) takes \(declared.inputs.count) arguments, \(arguments.count) are given",
        remedy: "They are: \(names).")
    }
    var writer = ScaleWriter()
    for (input, argument) in zip(declared.inputs, arguments) {
      try Substrate.at("\(api).\(method).\(input.name)") { () throws(ScaleError) in
        try metadata.types.encode(argument, as: input.type, to: &writer)
      }
    }
    let output = try await callRaw("\(api)_\(method)", writer.bytes)
    return try Substrate.at("\(api).\(method)") { () throws(ScaleError) in
      try metadata.types.decode(output, as: declared.output)
    }
  }

  /// Calls a runtime function with encoded arguments and gives the encoded result.
  public func callRaw(_ function: String, _ arguments: [UInt8]) async throws -> [UInt8] {
    let answer = try await client.rpc.call(
      "state_call", [.string(function), .string(Hex.encode(arguments)), at], timeout: ChainClient.timeout)
    guard let bytes = answer.hexBytes else { throw ChainError(.malformed, "state_call gave no hex") }
    return bytes
  }
}
