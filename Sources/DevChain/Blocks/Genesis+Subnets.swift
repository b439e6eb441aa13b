public import Substrate

/// Subnets that are there from the first block on. They are made by the chain's own calls, in its epoch 0.
extension Genesis {
  /// Adds a subnet, and gives its accounts what they need where they have nothing yet.
  ///
  /// Coldkeys and the owner get their stakes and ``allowance`` on top, hotkeys enough for fees.
  public mutating func add(_ subnet: SubnetPreset) {
    subnets.append(subnet)
    var needed = [subnet.owner: Self.allowance.value.saturatingAdding(subnet.delegateStake.value)]
    for node in subnet.nodes {
      needed[node.coldkey] = (needed[node.coldkey] ?? Self.allowance.value).saturatingAdding(node.stake.value)
    }
    for node in subnet.nodes where needed[node.hotkey] == nil { needed[node.hotkey] = FixedPoint.one }
    for (account, amount) in needed where balances[account] == nil { balances[account] = Planck(amount) }
  }

  /// What is left to a coldkey or an owner after its registrations, about.
  public static let allowance = Planck(1000 * FixedPoint.one)

  /// The state with the subnets in it.
  ///
  /// - Throws: ``DevChainFailure`` `devchain.genesis` for a subnet that the chain would refuse.
  func withSubnets(_ storage: Storage, _ description: RuntimeDescription, seed: UInt64) throws -> Storage {
    guard !subnets.isEmpty else { return storage }
    var runtime = Runtime(description, storage, seed: seed)
    for subnet in subnets { try subnet.make(&runtime) }
    return runtime.storage
  }
}

extension SubnetPreset {
  fileprivate func make(_ runtime: inout Runtime) throws {
    try attempt("it can't be registered") {
      try Network.registerSubnet(&runtime, .signed(owner), .max, registration)
    }
    let subnet = runtime.storage[Network.items.totalSubnetUids()]
    if let includedEpochs { runtime.storage[Network.items.includedClassificationEpochs(subnet)] = includedEpochs }
    for node in nodes where node.nodeClass == .validator { try register(node, subnet, &runtime) }
    try attempt("it can't be activated") {
      try Network.activateSubnet(&runtime, .signed(owner), subnet)
    }
    if delegateStake > 0 {
      try attempt("its owner can't stake behind it") {
        try Network.addToDelegateStake(&runtime, .signed(owner), subnet, delegateStake.value)
      }
    }
    for node in nodes where node.nodeClass != .validator {
      try register(node, subnet, &runtime)
      if let reached = SubnetNodeClass(rawValue: node.nodeClass.rawValue), reached != .registered {
        runtime.leaveQueue(subnet, as: reached)
      }
    }
  }

  private var registration: SubnetRegistrationData {
    var data = SubnetRegistrationData()
    data.name = Array(name.utf8)
    data.repo = Array(repo.utf8)
    data.minimumStake = minimumStake.value
    data.maximumStake = maximumStake.value
    data.delegateStakePercentage = delegateStakePercentage.value
    for node in nodes where node.nodeClass == .validator {
      data.initialColdkeys[node.coldkey] = (data.initialColdkeys[node.coldkey] ?? 0) + 1
    }
    for bootnode in bootnodes {
      data.bootnodes[OpaquePeerID(Array(bootnode.peerID.utf8))] = Bytes1024(clamping: bootnode.multiaddr ?? [])
    }
    return data
  }

  private func register(_ node: Node, _ subnet: UInt32, _ runtime: inout Runtime) throws {
    func stored(_ peer: Substrate.PeerInfo) -> PeerInfo {
      var stored = PeerInfo()
      stored.peerID = OpaquePeerID(Array(peer.peerID.utf8))
      stored.multiaddr = peer.multiaddr.map(Bytes1024.init(clamping:))
      return stored
    }
    try attempt("the node of \(node.hotkey) can't be registered") {
      try Network.registerSubnetNode(
        &runtime, .signed(node.coldkey), subnet, node.hotkey, stored(node.peer), nil, node.clientPeer.map(stored), 0,
        node.stake.value, nil, nil, nil, .max)
    }
  }

  private func attempt(_ what: String, _ call: () throws -> Void) throws {
    do {
      try call()
    } catch {
      let reason = (error as? NetworkError)?.name ?? "\(error)"
      throw DevChainFailure(
        .genesis, "the genesis has the subnet \(name), but \(what): \(reason)",
        remedy: "A subnet needs a bootnode, and three validators of different coldkeys that can pay their stakes.")
    }
  }
}

extension Runtime {
  /// Lets the node that came last into the queue be what it would have become in time.
  fileprivate mutating func leaveQueue(_ subnet: UInt32, as nodeClass: SubnetNodeClass) {
    var queue = storage[Network.items.subnetNodeQueue(subnet)]
    guard let node = queue.popLast() else { return }
    storage[Network.items.subnetNodeQueue(subnet)] = queue
    activate(node, in: subnet, as: nodeClass, from: 0)
  }
}
