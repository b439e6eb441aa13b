import Substrate

/// What a node may do, lowest first.
enum SubnetNodeClass: UInt8, RuntimeEnum {
  case registered, idle, included, validator
  static let path = NetworkPath.of("SubnetNodeClass")

  var next: SubnetNodeClass { SubnetNodeClass(rawValue: rawValue + 1) ?? self }
}

/// A node's class, and the subnet epoch from which it counts.
struct SubnetNodeClassification: RuntimeStruct {
  static let path = NetworkPath.of("SubnetNodeClassification")
  static let fields: [StructField<SubnetNodeClassification>] = [
    .init("node_class", \.nodeClass), .init("start_epoch", \.startEpoch),
  ]

  var nodeClass = SubnetNodeClass.registered
  var startEpoch: UInt32 = 0
}

/// A peer id as the chain stores it: the ASCII bytes of its text.
struct OpaquePeerID: RuntimeKey, Comparable {
  var text: [UInt8] = []

  static func < (left: OpaquePeerID, right: OpaquePeerID) -> Bool { left.text.lexicographicallyPrecedes(right.text) }

  static func declare(in types: inout TypeCatalog) -> TypeID {
    types.add("OpaquePeerId") {
      PortableType(path: ["sp_core", "OpaquePeerId"], .composite([.init(nil, [UInt8].declare(in: &$0))]))
    }
  }
  init() {}
  init(_ text: [UInt8]) { self.text = text }
  init(from reader: inout ScaleReader) throws(ScaleError) { text = try reader.readByteSequence() }
  func encode(to writer: inout ScaleWriter) { writer.write(sequence: text) }

  /// Whether the chain takes it for a peer id (spec/chain.md §5).
  var isValid: Bool {
    guard (32...128).contains(text.count) else { return false }
    switch text[0] {
    case UInt8(ascii: "1"), UInt8(ascii: "f"), UInt8(ascii: "b"), UInt8(ascii: "z"), UInt8(ascii: "m"): return true
    case UInt8(ascii: "Q"): return text[1] == UInt8(ascii: "m")
    default: return false
    }
  }
}

/// A peer, and where it can be reached.
struct PeerInfo: RuntimeStruct {
  static let path = NetworkPath.of("PeerInfo")
  static let fields: [StructField<PeerInfo>] = [.init("peer_id", \.peerID), .init("multiaddr", \.multiaddr)]

  var peerID = OpaquePeerID()
  var multiaddr: Bytes1024?
}

/// Who gets a part of a node's rewards.
struct DelegateAccount: RuntimeStruct {
  static let path = NetworkPath.of("DelegateAccount")
  static let fields: [StructField<DelegateAccount>] = [.init("account_id", \.account), .init("rate", \.rate)]

  var account = AccountID.zero
  /// Out of 10^18.
  var rate: UInt128 = 0
}

/// A node of a subnet as the chain stores it.
struct SubnetNode: RuntimeStruct {
  static let path = NetworkPath.of("SubnetNode")
  static let fields: [StructField<SubnetNode>] = [
    .init("id", \.id), .init("hotkey", \.hotkey), .init("peer_info", \.peer),
    .init("bootnode_peer_info", \.bootnodePeer), .init("client_peer_info", \.clientPeer),
    .init("classification", \.classification), .init("delegate_reward_rate", \.delegateRewardRate),
    .init("last_delegate_reward_rate_update", \.lastDelegateRewardRateUpdate), .init("unique", \.unique),
    .init("non_unique", \.nonUnique), .init("delegate_account", \.delegateAccount),
  ]

  var id: UInt32 = 0
  var hotkey = AccountID.zero
  var peer = PeerInfo()
  var bootnodePeer: PeerInfo?
  var clientPeer: PeerInfo?
  var classification = SubnetNodeClassification()
  var delegateRewardRate: UInt128 = 0
  var lastDelegateRewardRateUpdate: UInt32 = 0
  var unique: Bytes1024?
  var nonUnique: Bytes1024?
  var delegateAccount: DelegateAccount?

  /// Whether the node has that class or a higher one, and already has it at `epoch`.
  func has(_ required: SubnetNodeClass, at epoch: UInt32) -> Bool {
    classification.nodeClass.rawValue >= required.rawValue && classification.startEpoch <= epoch
  }
}
