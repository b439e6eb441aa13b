import Substrate

/// All functions that clients may call.
enum RuntimeAPIs {
  static let all = [metadata, blockBuilder, accountNonce, payment, NetworkInfo.api]

  private static let metadata = RuntimeAPI(
    name: "Metadata", version: 2,
    methods: [
      .init("metadata", []) { runtime in OpaqueMetadata(runtime.description.metadata[14] ?? []) },
      .init("metadata_at_version", ["version"]) { (runtime: Runtime, version: UInt32) -> OpaqueMetadata? in
        runtime.description.metadata[version].map(OpaqueMetadata.init)
      },
      .init("metadata_versions", []) { _ in RuntimeAPIs.versions },
    ])

  /// The formats in which the runtime describes itself.
  static let versions: [UInt32] = [14, 15]

  private static let blockBuilder = RuntimeAPI(
    name: "BlockBuilder", version: 6,
    methods: [
      .init("apply_extrinsic", ["extrinsic"]) { (runtime: Runtime, extrinsic: Extrinsic) in
        var copy = runtime
        guard let transaction = try? SignedTransaction(extrinsic.bytes) else { return ApplyOutcome(.failure(.call)) }
        // On the newest block itself: the next one does not begin, so elections due then are not seen.
        return ApplyOutcome(copy.apply(transaction, height: runtime.block))
      }
    ])

  private static let accountNonce = RuntimeAPI(
    name: "AccountNonceApi", version: 1,
    methods: [
      .init("account_nonce", ["account"]) { (runtime: Runtime, account: AccountID) in
        runtime.storage[System.items.account(account)].nonce
      }
    ])

  private static let payment = RuntimeAPI(
    name: "TransactionPaymentApi", version: 4,
    methods: [
      .init("query_info", ["uxt", "len"]) { (runtime: Runtime, extrinsic: Extrinsic, length: UInt32) in
        FeeInfo(extrinsic, length: length)
      },
      .init("query_length_to_fee", ["length"]) { (_: Runtime, length: UInt32) in UInt128(length) },
    ])
}

/// Metadata as bytes behind their length.
struct OpaqueMetadata: RuntimeValue {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("OpaqueMetadata") {
      PortableType(path: ["sp_core", "OpaqueMetadata"], .composite([.init(nil, [UInt8].declare(in: &$0))]))
    }
  }
  init(from reader: inout ScaleReader) throws(ScaleError) { bytes = try reader.readByteSequence() }
  func encode(to writer: inout ScaleWriter) { writer.write(sequence: bytes) }
}

/// `Result<Result<(), DispatchError>, TransactionValidityError>`.
struct ApplyOutcome: RuntimeValue {
  let result: ApplyResult

  init(_ result: ApplyResult) { self.result = result }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    let success = DispatchResult.declare(in: &types)
    let failure = types.add("TransactionValidityError") { types in
      let invalid = types.add("InvalidTransaction") { _ in
        let names = ["Call", "Payment", "Future", "Stale", "BadProof", "AncientBirthBlock", "ExhaustsResources"]
        return PortableType(
          path: ["sp_runtime", "transaction_validity", "InvalidTransaction"],
          .variant(names.enumerated().map { .init(UInt8($0), $1) }))
      }
      return PortableType(
        path: ["sp_runtime", "transaction_validity", "TransactionValidityError"],
        .variant([.init(0, "Invalid", [.init(nil, invalid)])]))
    }
    return types.result(success, failure)
  }
  init(from reader: inout ScaleReader) throws(ScaleError) {
    if try reader.readBool() {
      guard try reader.readByte() == 0, let invalid = InvalidTransaction(rawValue: try reader.readByte()) else {
        throw ScaleError(.malformed, "no reason against an extrinsic")
      }
      result = .failure(invalid)
    } else {
      result = .success(try DispatchResult(from: &reader))
    }
  }
  func encode(to writer: inout ScaleWriter) {
    switch result {
    case .success(let result):
      writer.write(false)
      result.encode(to: &writer)
    case .failure(let invalid): writer.write(raw: [1, 0, invalid.rawValue])
    }
  }
}

/// What an extrinsic would cost.
struct FeeInfo: RuntimeStruct {
  static let path = ["pallet_transaction_payment", "types", "RuntimeDispatchInfo"]
  static let fields: [StructField<FeeInfo>] = [
    .init("weight", \.weight), .init("class", \.kind), .init("partial_fee", \.fee),
  ]

  var weight = Weight()
  var kind = DispatchClass.normal
  var fee: UInt128 = 0

  init() {}

  init(_ extrinsic: Extrinsic, length: UInt32) {
    let weight = (try? SignedTransaction(extrinsic.bytes))?.call.declaration.weight ?? 0
    self.weight.time.value = weight
    fee = TransactionPayment.fee(length: Int(length), weight: weight)
  }
}
