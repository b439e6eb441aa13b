import Substrate

/// Nodes that watch over all subnets and weigh them.
extension Network {
  static func registerOverwatchNode(
    _ runtime: inout Runtime, _ origin: Origin, _ hotkey: AccountID, _ stake: UInt128
  ) throws {
    let coldkey = try runtime.signer(origin)
    try runtime.require(!runtime.storage[items.overwatchNodeBlacklist(coldkey)], .coldkeyBlacklisted)
    try runtime.require(runtime.overwatchEpoch > 0, .overwatchEpochIsZero)
    try runtime.require(
      runtime.storage[items.totalOverwatchNodes()] < runtime.storage[items.maxOverwatchNodes()], .maxOverwatchNodes)
    try runtime.require(hotkey != coldkey, .coldkeyMatchesHotkey)
    try runtime.require(!runtime.storage.contains(items.hotkeyOwner(hotkey)), .hotkeyHasOwner)
    try runtime.require(
      !runtime.storage[items.coldkeyHotkeys(coldkey)].contains(hotkey), .hotkeyAlreadyRegisteredToColdkey)
    runtime.storage[items.coldkeyHotkeys(coldkey)].insert(hotkey)
    try runtime.require(runtime.isOverwatchQualified(coldkey), .coldkeyNotOverwatchQualified)
    try runtime.require(stake >= runtime.storage[items.overwatchMinStakeBalance()], .minStakeNotReached)
    try runtime.require(runtime.canWithdraw(coldkey, stake), .notEnoughBalanceToStake)
    try runtime.withdraw(coldkey, stake, or: .balanceWithdrawalError)
    runtime.add(stake, to: items.accountOverwatchStake(hotkey))
    runtime.add(stake, to: items.totalOverwatchStake())
    runtime.increment(items.totalOverwatchNodeUids())
    var node = OverwatchNode()
    node.id = runtime.storage[items.totalOverwatchNodeUids()]
    node.hotkey = hotkey
    runtime.storage[items.hotkeyOwner(hotkey)] = coldkey
    runtime.storage.set(items.hotkeyOverwatchNodeId(hotkey), node.id)
    runtime.storage.set(items.overwatchNodeIdHotkey(node.id), hotkey)
    runtime.storage.set(items.overwatchNodes(node.id), node)
    runtime.increment(items.totalOverwatchNodes())
  }

  static func removeOverwatchNode(_ runtime: inout Runtime, _ origin: Origin, _ node: UInt32) throws {
    try runtime.requireOverwatchKeys(runtime.signer(origin), node)
    guard runtime.storage.contains(items.overwatchNodes(node)) else { throw NetworkError.invalidOverwatchNodeId }
    runtime.storage.remove(items.overwatchNodes(node))
    if let hotkey = runtime.storage.take(items.overwatchNodeIdHotkey(node)) {
      runtime.storage.remove(items.hotkeyOverwatchNodeId(hotkey))
    }
    for (subnet, peer) in runtime.storage.take(items.overwatchNodeIndex(node)).entries {
      runtime.storage.remove(items.peerIdOverwatchNodeId(subnet, peer))
    }
    runtime.decrement(items.totalOverwatchNodes())
  }

  static func setOverwatchNodePeerID(
    _ runtime: inout Runtime, _ origin: Origin, _ subnet: UInt32, _ node: UInt32, _ peer: OpaquePeerID
  ) throws {
    let signer = try runtime.signer(origin)
    try runtime.require(runtime.storage.contains(items.subnetsData(subnet)), .invalidSubnetId)
    try runtime.requireOverwatchKeys(signer, node)
    var info = PeerInfo()
    info.peerID = peer
    try runtime.validate(info, in: subnet)
    runtime.storage[items.peerIdOverwatchNodeId(subnet, peer)] = node
    runtime.storage[items.overwatchNodeIndex(node)][subnet] = peer
    runtime.isFree = true
  }

  static func commitOverwatchSubnetWeights(
    _ runtime: inout Runtime, _ origin: Origin, _ node: UInt32, _ commits: [OverwatchCommit]
  ) throws {
    try runtime.requireOverwatchKeys(runtime.signer(origin), node)
    try runtime.require(runtime.isOverwatchCommitPeriod, .notCommitPeriod)
    var previous: UInt32?
    let known = commits.filter { commit in
      defer { previous = commit.subnetID }
      return commit.subnetID != previous && runtime.storage.contains(items.subnetsData(commit.subnetID))
    }
    try runtime.require(!known.isEmpty, .commitsEmpty)
    for commit in known {
      let slot = items.overwatchCommits(runtime.overwatchEpoch, node, commit.subnetID)
      try runtime.require(!runtime.storage.contains(slot), .alreadyCommitted)
      runtime.storage.set(slot, commit.weight)
    }
    runtime.isFree = true
  }

  static func revealOverwatchSubnetWeights(
    _ runtime: inout Runtime, _ origin: Origin, _ node: UInt32, _ reveals: [OverwatchReveal]
  ) throws {
    try runtime.requireOverwatchKeys(runtime.signer(origin), node)
    try runtime.require(!runtime.isOverwatchCommitPeriod, .notRevealPeriod)
    for reveal in reveals {
      try runtime.require(reveal.weight <= FixedPoint.one, .invalidWeight)
      let epoch = runtime.overwatchEpoch
      guard let commit = runtime.storage.stored(items.overwatchCommits(epoch, node, reveal.subnetID)) else {
        throw NetworkError.noCommitFound
      }
      let opened = Blake2b.hash256(reveal.weight.encoded + reveal.salt.encoded)
      try runtime.require(H256(opened) == commit, .revealMismatch)
      runtime.storage.set(items.overwatchReveals(epoch, reveal.subnetID, node), reveal.weight)
    }
    runtime.isFree = true
  }
}

/// A hash of a weight and a salt.
struct OverwatchCommit: RuntimeStruct {
  static let path = NetworkPath.of("OverwatchCommit")
  static let fields: [StructField<OverwatchCommit>] = [.init("subnet_id", \.subnetID), .init("weight", \.weight)]

  var subnetID: UInt32 = 0
  var weight = H256.zero
}

/// What a commit hid.
struct OverwatchReveal: RuntimeStruct {
  static let path = NetworkPath.of("OverwatchReveal")
  static let fields: [StructField<OverwatchReveal>] = [
    .init("subnet_id", \.subnetID), .init("weight", \.weight), .init("salt", \.salt),
  ]

  var subnetID: UInt32 = 0
  var weight: UInt128 = 0
  var salt: [UInt8] = []
}
