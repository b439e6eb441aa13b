@testable import Substrate

/// Metadata of a few hundred bytes that has one of everything. A recorded runtime's 190 KB are too many to find
/// anything by changing some of them.
enum SmallMetadata {
  static func bytes(version: UInt8) -> [UInt8] {
    var writer = ScaleWriter()
    writer.write(raw: "meta".utf8)
    writer.write(version)
    TypeRegistry(types).encode(to: &writer)
    writer.write([pallet]) { $0.encode(to: &$1, version: version) }
    extrinsic.encode(to: &writer, version: version)
    writer.write(type: 0)
    guard version >= 15 else { return writer.bytes }
    writer.write([api]) { $0.encode(to: &$1) }
    for outer: TypeID in [4, 4, 4] { writer.write(type: outer) }
    writer.write(compact: 0)
    return writer.bytes
  }

  private static let types: [PortableType] = [
    type(.primitive(.u32)),
    type(.primitive(.u8)),
    type(.sequence(1)),
    type(.composite([field("who", 5), field("value", 7)])),
    // Contains itself, as RuntimeCall does.
    type(
      .variant([
        .init(name: "none", fields: [], index: 0, docs: []),
        .init(name: "call", fields: [field("value", 2), field("inner", 4)], index: 1, docs: ["docs"]),
      ]), path: ["pallet", "Call"]),
    type(.array(count: 20, 1)),
    type(.tuple([0, 2])),
    type(.compact(0)),
    type(.bitSequence(store: 1, order: 9)),
    type(.composite([]), path: ["bitvec", "order", "Lsb0"]),
    type(
      .variant([
        .init(name: "None", fields: [], index: 0, docs: []),
        .init(name: "Some", fields: [field(nil, 0)], index: 1, docs: []),
      ]), path: ["Option"], parameters: [.init(name: "T", type: 0)]),
    type(
      .composite([field(nil, 2)]), path: ["Extrinsic"],
      parameters: ["Address", "Call", "Signature", "Extra"].map { .init(name: $0, type: 4) }),
  ]

  private static let pallet = PalletMetadata(
    name: "Network", index: 0,
    storage: .init(
      prefix: "Network",
      entries: [
        .init(
          name: "Value", modifier: .default, hashers: [], key: nil, value: 0, fallback: [0, 0, 0, 0], docs: []),
        .init(
          name: "Map", modifier: .optional, hashers: [.blake2_128Concat, .identity], key: 6, value: 3,
          fallback: [], docs: []),
      ]),
    calls: 4, events: 4, errors: 4, constants: [.init(name: "EpochLength", type: 0, value: [20, 0, 0, 0], docs: [])],
    docs: [])

  private static let extrinsic = ExtrinsicMetadata(
    version: 4, type: 11, address: 5, call: 4, signature: 2, extra: 9,
    signedExtensions: ["CheckSpecVersion", "CheckGenesis", "CheckMortality", "CheckNonce", "Unknown"].map {
      .init(identifier: $0, extra: 9, additional: 10)
    })

  private static let api = RuntimeAPIMetadata(
    name: "NetworkRuntimeApi",
    methods: [.init(name: "proof_of_stake", inputs: [.init(name: "subnet_id", type: 0)], output: 1, docs: [])], docs: []
  )

  private static func type(
    _ definition: PortableType.Definition, path: [String] = [], parameters: [PortableType.Parameter] = []
  ) -> PortableType {
    PortableType(path: path, parameters: parameters, definition: definition, docs: [])
  }

  private static func field(_ name: String?, _ type: TypeID) -> PortableType.Field {
    .init(name: name, type: type, typeName: nil, docs: [])
  }
}
