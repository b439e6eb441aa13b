/// A node of a subnet, as the chain keeps it.
public struct SubnetNode: Sendable, Hashable {
  /// Counted from 1 in each subnet.
  public let id: UInt32
  /// Signs proposals and attestations. Nil in generation C, where it belongs to the validator.
  public let hotkey: AccountID?
  /// Generation C: the validator that owns the node.
  public let validatorID: UInt32?
  public let nodeClass: NodeClass
  /// The class counts from this subnet epoch on.
  public let startEpoch: UInt32
  public let peer: PeerInfo
  public let bootnodePeer: PeerInfo?
  public let clientPeer: PeerInfo?
  /// The part of its rewards that goes to its delegate stakers; nil in generation C.
  public let delegateRewardRate: FixedU128?
  public let unique: [UInt8]?
  public let nonUnique: [UInt8]?

  /// Whether the class is at least `nodeClass` in a subnet epoch.
  public func has(_ nodeClass: NodeClass, at epoch: UInt32) -> Bool {
    self.nodeClass >= nodeClass && startEpoch <= epoch
  }

  /// A node that is not read from a chain.
  public init(
    id: UInt32, hotkey: AccountID?, validatorID: UInt32? = nil, nodeClass: NodeClass, startEpoch: UInt32,
    peer: PeerInfo, bootnodePeer: PeerInfo? = nil, clientPeer: PeerInfo? = nil
  ) {
    self.id = id
    self.hotkey = hotkey
    self.validatorID = validatorID
    self.nodeClass = nodeClass
    self.startEpoch = startEpoch
    self.peer = peer
    self.bootnodePeer = bootnodePeer
    self.clientPeer = clientPeer
    (delegateRewardRate, unique, nonUnique) = (nil, nil, nil)
  }

  init(_ value: ScaleValue) throws(ScaleError) {
    id = try value.field("id") { v throws(ScaleError) in try v.integer() }
    hotkey = try value.field(ifPresent: "hotkey")?.account()
    validatorID = try value.field(ifPresent: "validator_id")?.integer()
    (nodeClass, startEpoch) = try value.field("classification") { v throws(ScaleError) in
      try v.classification()
    }
    if let info = value.field(ifPresent: "peer_info") {
      peer = try PeerInfo(info)
      bootnodePeer = try value.field("bootnode_peer_info").optional { v throws(ScaleError) in try PeerInfo(v) }
      clientPeer = try value.field("client_peer_info").optional { v throws(ScaleError) in try PeerInfo(v) }
    } else {
      peer = PeerInfo(peerID: try value.field("peer_id").peerID())
      bootnodePeer = PeerInfo(
        peerID: try value.field("bootnode_peer_id").peerID(),
        multiaddr: try value.field("bootnode").optionalBytes())
      clientPeer = PeerInfo(peerID: try value.field("client_peer_id").peerID())
    }
    delegateRewardRate = try value.field(ifPresent: "delegate_reward_rate").map(FixedU128.init)
    unique = try value.field("unique").optionalBytes()
    nonUnique = try value.field("non_unique").optionalBytes()
  }
}

extension ScaleValue {
  func classification() throws(ScaleError) -> (NodeClass, UInt32) {
    let name = try field("node_class") { v throws(ScaleError) in try v.enumeration() }.name
    guard let nodeClass = NodeClass(name: name) else { throw ScaleError(.unknownType, "the node class \(name)") }
    return (nodeClass, try field("start_epoch") { v throws(ScaleError) in try v.integer() })
  }
}
