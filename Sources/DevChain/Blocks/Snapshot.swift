import Substrate

/// A chain's state as a JSON text: enough to go on from, without the blocks before.
///
/// The states that `Tests/Interop/chain/devnode.py` saves have the same members and can be loaded too.
struct Snapshot {
  let json: JSONValue

  /// The most bytes that a snapshot may have.
  static let maximumSize = 256 << 20

  /// Hashes of blocks that a snapshot keeps.
  private static let hashCount: UInt64 = 1024

  init(_ chain: Chain) {
    let parameters = chain.description.parameters
    // Code belongs to the program that runs the chain, not to its state.
    let storage = chain.runtime.storage.all.filter { $0.key != RuntimeDescription.codeKey }
    var hashes: [String: JSONValue] = [:]
    let newest = chain.head.header.number
    for number in (newest > Self.hashCount ? newest - Self.hashCount : 0)...newest {
      if let hash = chain.hash(at: number) { hashes[String(number)] = .string(hash.description) }
    }
    hashes["0"] = .string(chain.genesisHash.description)
    json = [
      "genesis": .string(chain.genesisHash.description), "head": JSONValue(hex: chain.head.header.encoded),
      "hashes": .object(hashes), "epochLength": JSONValue(parameters.epochLength),
      "slotDuration": JSONValue(parameters.slotDuration), "seed": JSONValue(chain.runtime.seed),
      "time": JSONValue(chain.slot.multipliedReportingOverflow(by: parameters.slotDuration).partialValue),
      "storage": .object(
        Dictionary(uniqueKeysWithValues: storage.map { (Hex.encode($0.key), JSONValue(hex: $0.value)) })),
    ]
  }

  init(_ bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumSize else {
      throw Self.failure("has \(bytes.count) bytes, \(Self.maximumSize) at most")
    }
    do { json = try JSONValue(parsing: bytes) } catch { throw Self.failure("is no JSON: \(error)") }
  }

  private static func failure(_ reason: String) -> DevChainFailure {
    DevChainFailure(.snapshot, "the snapshot \(reason)", remedy: "Take one that the chain saved.")
  }
}

extension ChainStart {
  /// The chain of a snapshot, at the block where it was taken.
  ///
  /// - Parameters:
  ///   - parameters: for a snapshot that does not name its own.
  ///   - seed: likewise.
  init(_ snapshot: Snapshot, _ parameters: RuntimeParameters, seed: UInt64) throws {
    let json = snapshot.json
    func failure(_ member: String) -> DevChainFailure {
      DevChainFailure(
        .snapshot, "the snapshot's member \"\(member)\" can't be read", remedy: "Take one that the chain saved.")
    }
    guard let genesis = json["genesis"]?.stringValue.flatMap(BlockHash.init(hex:)) else { throw failure("genesis") }
    guard let bytes = json["head"]?.hexBytes, let head = try? BlockHeader(encoded: bytes),
      head.number < UInt64(UInt32.max)
    else { throw failure("head") }
    guard let time = json["time"]?.uint64Value else { throw failure("time") }
    guard let members = json["storage"]?.objectValue else { throw failure("storage") }
    var values: [[UInt8]: [UInt8]] = [:]
    for (key, value) in members {
      guard let key = JSONValue.string(key).hexBytes, let value = value.hexBytes else { throw failure("storage") }
      values[key] = value
    }
    var hashes: [UInt64: BlockHash] = [:]
    for (number, hash) in json["hashes"]?.objectValue ?? [:] {
      guard let number = UInt64(number), let hash = hash.stringValue.flatMap(BlockHash.init(hex:)) else {
        throw failure("hashes")
      }
      hashes[number] = hash
    }
    let own = RuntimeParameters(
      epochLength: json["epochLength"]?.uint64Value.flatMap(UInt32.init(exactly:)) ?? parameters.epochLength,
      slotDuration: json["slotDuration"]?.uint64Value ?? parameters.slotDuration)
    description = RuntimeDescription(own)
    values[RuntimeDescription.codeKey] = description.code
    storage = Storage(values)
    self.seed = json["seed"]?.uint64Value ?? seed
    self.head = head
    genesisHash = genesis
    genesisHeader = nil
    slot = time / own.slotDuration
    self.hashes = hashes
  }
}
