import Substrate

/// How well the nodes of a coldkey served.
struct ColdkeyReputation: RuntimeStruct {
  static let path = NetworkPath.of("Reputation")
  static let fields: [StructField<ColdkeyReputation>] = [
    .init("start_epoch", \.startEpoch), .init("score", \.score), .init("lifetime_node_count", \.lifetimeNodeCount),
    .init("total_active_nodes", \.totalActiveNodes), .init("total_increases", \.totalIncreases),
    .init("total_decreases", \.totalDecreases), .init("average_attestation", \.averageAttestation),
    .init("last_validator_epoch", \.lastValidatorEpoch), .init("ow_score", \.overwatchScore),
  ]

  var startEpoch: UInt32 = 0
  var score: UInt128 = 500_000_000_000_000_000
  var lifetimeNodeCount: UInt32 = 0
  var totalActiveNodes: UInt32 = 0
  var totalIncreases: UInt32 = 0
  var totalDecreases: UInt32 = 0
  var averageAttestation: UInt128 = 0
  var lastValidatorEpoch: UInt32 = 0
  var overwatchScore: UInt128 = 500_000_000_000_000
}

/// Who a coldkey says to be.
struct ColdkeyIdentity: RuntimeStruct {
  static let path = NetworkPath.of("ColdkeyIdentityData")
  static let fields: [StructField<ColdkeyIdentity>] = [
    .init("name", \.name), .init("url", \.url), .init("image", \.image), .init("discord", \.discord),
    .init("x", \.x), .init("telegram", \.telegram), .init("github", \.github),
    .init("hugging_face", \.huggingFace), .init("description", \.summary), .init("misc", \.misc),
  ]

  var name = Bytes1024()
  var url = Bytes1024()
  var image = Bytes1024()
  var discord = Bytes1024()
  var x = Bytes1024()
  var telegram = Bytes1024()
  var github = Bytes1024()
  var huggingFace = Bytes1024()
  var summary = Bytes1024()
  var misc = Bytes1024()
}

/// A node that watches over all subnets.
struct OverwatchNode: RuntimeStruct {
  static let path = NetworkPath.of("OverwatchNode")
  static let fields: [StructField<OverwatchNode>] = [.init("id", \.id), .init("hotkey", \.hotkey)]

  var id: UInt32 = 0
  var hotkey = AccountID.zero
}

/// An account as a key that the chain does not hash.
struct UnhashedAccount: RuntimeKey {
  static let hasher = StorageHasher.identity
  let account: AccountID

  init(_ account: AccountID) { self.account = account }
  static func declare(in types: inout TypeCatalog) -> TypeID { AccountID.declare(in: &types) }
  init(from reader: inout ScaleReader) throws(ScaleError) { account = try AccountID(from: &reader) }
  func encode(to writer: inout ScaleWriter) { account.encode(to: &writer) }
}
