import Testing

@testable import Substrate

@Suite("Whose stake an event touches")
struct StakeTouchTests {
  private func event(_ name: String, _ content: ScaleValue, pallet: String = "Network") -> EventRecord {
    EventRecord(phase: .initialization, pallet: pallet, name: name, content: content)
  }

  private static let account = [UInt8](repeating: 7, count: 20)

  private func touches(_ event: EventRecord, subnet: UInt32 = 1) -> Set<StakeTouch> {
    StakeTouch.touches([event], subnet: subnet)
  }

  @Test("Every name that is looked for is an event of a known runtime")
  func names() throws {
    var known: Set<String> = []
    for chain in RecordedChain.allCases {
      let metadata = try chain.metadata()
      let events = try #require(metadata.pallet(ifPresent: "Network")?.events)
      known.formUnion(try metadata.types.type(events).variants.map(\.name))
    }
    for name in StakeTouch.broad.union([
      "Slashing", "StakeAdded", "StakeRemoved", "UpdateHotkey", "UpdateColdkey", "CollectiveRemoveSubnetNode",
    ]) {
      #expect(known.contains(name), "\(name)")
    }
  }

  @Test(
    "Recorded blocks: a registration touches its node, a slash its hotkey, an attestation nobody",
    arguments: RecordedChain.allCases)
  func recorded(_ chain: RecordedChain) throws {
    let metadata = try chain.metadata()
    let subnet = UInt32(try #require(try DevNode.summary(of: chain)["subnetId"].integer))
    var found: [String: Set<StakeTouch>] = [:]
    for block in try chain.vectors("events")["blocks"].list {
      for event in try EventRecord.decode(try #require(block["raw"].hex), metadata: metadata) {
        found[event.name, default: []].formUnion(touches(event, subnet: subnet))
        #expect(touches(event, subnet: 77).subtracting([.everybody]).isEmpty)
      }
    }
    #expect(
      found["SubnetNodeRegistered"]?.contains(.node(6)) == true
        || found["SubnetNodeRegistered"]?.contains(.node(1)) == true)
    #expect(found["StakeAdded"]?.isEmpty == false)
    #expect(found["Attestation"]?.isEmpty != false)
    #expect(found["ExtrinsicSuccess"] == [])
    #expect(found["Transfer"]?.isEmpty != false)
  }

  @Test("Removals, slashes, stake and peers touch the node; limits, lists and upgrades everybody; other subnets nobody")
  func table() throws {
    let hotkey = StakeTouch.hotkey(try AccountID(bytes: Self.account))
    func fields(_ subnet: Int64, _ more: (String, ScaleValue)...) -> ScaleValue {
      .fields([.init("subnet_id", .init(integerLiteral: subnet))] + more.map { .init($0.0, $0.1) })
    }
    let node = ("subnet_node_id", ScaleValue.unsigned(4))
    #expect(touches(event("SubnetNodeRemoved", fields(1, node))) == [.node(4)])
    #expect(touches(event("SubnetNodeRemoved", fields(2, node))) == [])
    #expect(touches(event("SubnetNodeUpdatePeerInfo", fields(1, node))) == [.node(4)])
    #expect(touches(event("Slashing", fields(1, ("account_id", .bytes(Self.account))))) == [hotkey])
    #expect(touches(event("Slashing", fields(1))) == [.everybody])
    #expect(touches(event("SubnetDeactivated", fields(1))) == [.everybody])
    #expect(touches(event("SubnetDeactivated", fields(2))) == [])
    #expect(touches(event("BootnodesUpdated", fields(1))) == [.everybody])
    #expect(touches(event("SetNetworkMinStakeBalance", 5)) == [.everybody])
    #expect(touches(event("UpdateHotkey", .fields([.init("hotkey", .bytes(Self.account))]))) == [.everybody])
    #expect(touches(event("CollectiveRemoveSubnetNode", .tuple([1, 4]))) == [.node(4)])
    #expect(touches(event("CollectiveRemoveSubnetNode", .tuple([2, 4]))) == [])
    let stake: ScaleValue = .tuple([1, .bytes([UInt8](repeating: 1, count: 20)), .bytes(Self.account), 5])
    #expect(touches(event("StakeRemoved", stake)) == [hotkey])
    #expect(touches(event("StakeRemoved", .unit)) == [.everybody])
    #expect(touches(event("CodeUpdated", .unit, pallet: "System")) == [.everybody])
    #expect(touches(event("SubnetDeactivated", fields(1), pallet: "Other")) == [])
  }
}
