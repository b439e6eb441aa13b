import Fuzzing

@testable import Substrate

/// Values as an endpoint sends them: two bytes choose a type of a recorded runtime, the rest is a value of it.
///
/// What decodes must encode to the same bytes, save that the encoder orders sets and maps and refuses those that have
/// a key twice; and what it wrote must come back unchanged.
@main
struct FuzzScale: FuzzTarget {
  /// Half of what the encoder takes, which counts its levels a little differently.
  private static let limits = ScaleLimits(depth: ScaleLimits.standard.depth / 2)

  private let metadata: RuntimeMetadata
  private var types: TypeRegistry { metadata.types }

  init() throws {
    metadata = try RuntimeMetadata(Vectors.bytes("chain/metadata-chain-2026-02-10.v15.scale"))
  }

  func seeds() throws -> [[UInt8]] {
    let file = "chain/storage-chain-2026-02-10.json"
    let values = zip(try Vectors.texts("item", in: file), try Vectors.texts("pallet", in: file))
      .compactMap { item, pallet in try? metadata.storage(pallet, item).entry.value }
    let stored = zip(values, try Vectors.hex("raw", in: file)).map { seed($0, $1) }
    let calls = try Vectors.hex("encoded", in: "chain/calls-chain-2026-02-10.json")
      .map { seed(metadata.outerCall ?? 0, $0) }
    let events = try Vectors.hex("raw", in: "chain/events-chain-2026-02-10.json")
      .map { seed(try metadata.storage("System", "Events").entry.value, $0) }
    return stored + calls + events
  }

  private func seed(_ type: TypeID, _ value: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: type), UInt8(truncatingIfNeeded: type >> 8)] + value
  }

  func take(_ input: [UInt8]) {
    guard input.count >= 2 else { return }
    let type = TypeID(input[0]) | TypeID(input[1]) << 8
    let bytes = Array(input.dropFirst(2))
    guard let value = try? types.decode(bytes, as: type, limits: Self.limits) else { return }
    let name = types.name(of: type)
    do {
      let again = try types.encode(value, as: type)
      promise(again.sorted() == bytes.sorted(), "\(name) encodes to other bytes than it decodes from")
      try promise(types.encode(types.decode(again, as: type), as: type) == again, "\(name) is not stable")
    } catch {
      promise("\(error)".contains("appears twice"), "\(name) decodes, and then: \(error)")
    }
  }
}
