import Substrate

/// Blocks, accounts and events.
enum System {
  static let index: UInt8 = 0
  static let items = Items()
  static let events = Events()

  struct Items: Sendable {
    let account = Defaulted<AccountInfo, AccountID>("Account", .init(), in: "System")
    let blockHash = Defaulted<H256, BlockNumber>("BlockHash", .zero, in: "System")
    let number = Defaulted<UInt32>("Number", 0, in: "System")
    let parentHash = Defaulted<H256>("ParentHash", .zero, in: "System")
    let events = EventsItem()
    let eventCount = Defaulted<UInt32>("EventCount", 0, in: "System")
  }

  struct Events: Sendable {
    let extrinsicSuccess = EventDeclaration<DispatchInfo>(0, "ExtrinsicSuccess", "dispatch_info")
    let extrinsicFailed = EventDeclaration<DispatchError, DispatchInfo>(
      1, "ExtrinsicFailed", "dispatch_error", "dispatch_info")
    let codeUpdated = PlainEvent(2, "CodeUpdated")
    let newAccount = EventDeclaration<AccountID>(3, "NewAccount", "account")
    let killedAccount = EventDeclaration<AccountID>(4, "KilledAccount", "account")
    let remarked = EventDeclaration<AccountID, H256>(5, "Remarked", "sender", "hash")
  }

  static let pallet = Pallet(
    name: "System", index: index, storage: Pallet.storage(of: items),
    calls: [
      CallDeclaration(0, "remark", ["remark"], remark),
      CallDeclaration(4, "set_storage", ["items"], setStorage),
      CallDeclaration(5, "kill_storage", ["keys"], killStorage),
      CallDeclaration(7, "remark_with_event", ["remark"], remarkWithEvent),
    ],
    events: Pallet.events(of: events),
    errors: [(5, "CallFiltered")],
    constants: [
      .init("BlockHashCount") { _ in RuntimeParameters.blockHashCount },
      .init("SS58Prefix") { _ in UInt16(42) },
    ])

  static func remark(_ runtime: inout Runtime, _ origin: Origin, _ remark: [UInt8]) throws {
    _ = try origin.signer()
  }

  static func remarkWithEvent(_ runtime: inout Runtime, _ origin: Origin, _ remark: [UInt8]) throws {
    let signer = try origin.signer()
    runtime.deposit(index, events.remarked(signer, H256(Blake2b.hash256(remark))))
  }

  static func setStorage(_ runtime: inout Runtime, _ origin: Origin, _ items: [Pair<[UInt8], [UInt8]>]) throws {
    try origin.requireRoot()
    for item in items { runtime.storage.set(item.first, item.second) }
  }

  static func killStorage(_ runtime: inout Runtime, _ origin: Origin, _ keys: [[UInt8]]) throws {
    try origin.requireRoot()
    for key in keys { runtime.storage.set(key, nil) }
  }
}

extension Origin {
  /// - Throws: ``DispatchError`` `badOrigin` unless an account signed.
  func signer() throws(DispatchError) -> AccountID {
    guard case .signed(let account) = self else { throw .badOrigin }
    return account
  }

  func requireRoot() throws(DispatchError) {
    guard self == .root else { throw .badOrigin }
  }
}

/// A block's number as a key, which the chain hashes in a way of its own.
struct BlockNumber: RuntimeKey {
  static let hasher = StorageHasher.twox64Concat
  let number: UInt32

  init(_ number: UInt32) { self.number = number }
  static func declare(in types: inout TypeCatalog) -> TypeID { UInt32.declare(in: &types) }
  init(from reader: inout ScaleReader) throws(ScaleError) { number = try reader.readInteger() }
  func encode(to writer: inout ScaleWriter) { writer.write(number) }
}

/// An account's nonce and money.
struct AccountInfo: RuntimeStruct {
  static let path = ["frame_system", "AccountInfo"]
  static let fields: [StructField<AccountInfo>] = [
    .init("nonce", \.nonce), .init("consumers", \.consumers), .init("providers", \.providers),
    .init("sufficients", \.sufficients), .init("data", \.data),
  ]

  var nonce: UInt32 = 0
  var consumers: UInt32 = 0
  /// What keeps the account alive: 1 while it holds money.
  var providers: UInt32 = 0
  var sufficients: UInt32 = 0
  var data = AccountData()
}

struct AccountData: RuntimeStruct {
  static let path = ["pallet_balances", "types", "AccountData"]
  static let fields: [StructField<AccountData>] = [
    .init("free", \.free), .init("reserved", \.reserved), .init("frozen", \.frozen), .init("flags", \.flags),
  ]

  var free: UInt128 = 0
  var reserved: UInt128 = 0
  var frozen: UInt128 = 0
  /// The mark of accounts that follow the newer logic of reserves.
  var flags: UInt128 = 1 << 127
}

/// The events of a block. They are written as bytes and never read here.
struct EventsItem: StorageDeclaration {
  let name = "Events"
  let prefix = StoragePrefix.of("System", "Events")

  func declare(in types: inout TypeCatalog) -> PalletMetadata.StorageEntry {
    PalletMetadata.StorageEntry(
      name: name, modifier: .default, hashers: [], key: nil, value: [RuntimeEventRecord].declare(in: &types),
      fallback: [0])
  }

  typealias Value = Nothing
}

/// The type of one event, for metadata.
struct RuntimeEventRecord: RuntimeArgument {
  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("EventRecord") { types in
      let phase = types.add("Phase") {
        PortableType(
          path: ["frame_system", "Phase"],
          .variant([
            .init(0, "ApplyExtrinsic", [.init(nil, UInt32.declare(in: &$0))]), .init(1, "Finalization"),
            .init(2, "Initialization"),
          ]))
      }
      let event = types.outer("Event")
      let topics = [H256].declare(in: &types)
      return PortableType(
        path: ["frame_system", "EventRecord"], parameters: [.init("E", event), .init("T", H256.declare(in: &types))],
        .composite([.init("phase", phase), .init("event", event), .init("topics", topics)]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    throw ScaleError(.unknownType, "events are not read by the runtime that writes them")
  }
}
