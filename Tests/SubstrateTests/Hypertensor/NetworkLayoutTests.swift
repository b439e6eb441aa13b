import Testing

@testable import Substrate

@Suite("Layouts of network_* results")
struct NetworkLayoutTests {
  private static let types = [
    "network_getSubnetInfo": "Option<SubnetInfo>", "network_getAllSubnetsInfo": "Vec<SubnetInfo>",
    "network_getSubnetNodeInfo": "Option<SubnetNodeInfo>", "network_getSubnetNodesInfo": "Vec<SubnetNodeInfo>",
    "network_getAllSubnetNodesInfo": "Vec<SubnetNodeInfo>", "network_getBootnodes": "AllSubnetBootnodes",
    "network_getElectedValidatorInfo": "Option<SubnetNodeInfo>",
    "network_getValidatorsAndAttestors": "Vec<SubnetNodeInfo>",
    "network_getColdkeySubnetNodesInfo": "Vec<SubnetNodeInfo>", "network_getColdkeyStakes": "Vec<SubnetNodeStakeInfo>",
    "network_getDelegateStakes": "Vec<DelegateStakeInfo>",
    "network_getNodeDelegateStakes": "Vec<NodeDelegateStakeInfo>",
    "network_getOverwatchCommitsForEpochAndNode": "Vec<(u32,H256)>",
    "network_getOverwatchRevealsForEpochAndNode": "Vec<(u32,u128)>",
    "network_getAllOverwatchNodesInfo": "Vec<OverwatchNodeInfo>",
  ]

  private func generation(_ chain: RecordedChain) -> Generation { chain == .december ? .a : .b }

  @Test(
    "Every recorded answer decodes as recorded, to its last byte and by its own generation only",
    arguments: RecordedChain.allCases)
  func recorded(_ chain: RecordedChain) throws {
    var seen: Set<String> = []
    let generation = generation(chain)
    for call in try chain.vectors("rpc")["calls"].list {
      guard let method = call["request"]["method"].text, let bytes = call["bytesHex"].hex else { continue }
      let type = try #require(Self.types[method], "\(method)")
      seen.insert(method)
      let value = try NetworkLayouts.decode(bytes, as: type, generation)
      #expect(Fixture(value).normalized == call["decoded"].normalized, "\(method)")
      #expect(throws: (any Error).self, "\(method)") { try NetworkLayouts.decode(bytes + [0], as: type, generation) }
      #expect(throws: (any Error).self, "\(method)") {
        try NetworkLayouts.decode(Array(bytes.dropLast()), as: type, generation)
      }
      // Nodes and subnets look different in each generation; empty answers and the rest do not.
      guard bytes.count > 8, type.contains("SubnetInfo") || type.contains("SubnetNodeInfo") else { continue }
      for other in Generation.allCases where other != generation {
        #expect(throws: (any Error).self, "\(method)") { try NetworkLayouts.decode(bytes, as: type, other) }
      }
    }
    #expect(seen.count >= 13)
  }

  @Test("Field names and their order are those of the published layouts", arguments: Generation.allCases)
  func published(_ generation: Generation) throws {
    let types = try Fixture.load("chain/rpc-layouts.json")["generations"][generation.rawValue]["types"].object
    let schema = try NetworkLayouts.schema(generation)
    var compared = 0
    for (name, layout) in types where schema.type(name) != nil {
      switch try schema.registry.type(try #require(schema.type(name))).definition {
      case .composite(let fields):
        #expect(fields.map(\.name) == layout["struct"].list.map { $0.list.first?.text }, "\(name)")
        compared += 1
      case .variant(let variants):
        #expect(variants.map(\.name) == layout["enum"].list.map(\.text), "\(name)")
        compared += 1
      default: continue
      }
    }
    #expect(compared >= 8)
    #expect(schema.type("SubnetInfo") != nil && schema.type("SubnetNodeInfo") != nil)
  }

  @Test("A result that a generation does not have is refused by name")
  func missing() {
    let error = #expect(throws: ChainError.self) { try NetworkLayouts.decode([0], as: "Vec<OverwatchNodeInfo>", .a) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("OverwatchNodeInfo") == true)
  }

  @Test("A schema that names a type it does not define is refused")
  func schemaFault() {
    #expect(throws: LayoutSchema.Fault(type: "Nothing")) { try LayoutSchema("Thing { a: Nothing }", roots: ["Thing"]) }
    #expect(throws: LayoutSchema.Fault(type: "Thing")) { try LayoutSchema("Thing { a }", roots: ["Thing"]) }
  }

  @Test("The runtime API's answer is unwrapped from its byte vector", arguments: RecordedChain.allCases)
  func throughRuntime(_ chain: RecordedChain) async throws {
    let node = try RecordedNode(chain)
    let info = try await ChainClient(node).best().networkInfo
    let recorded = try #require(
      try chain.vectors("rpc")["calls"].list.first { $0["request"]["method"].text == "network_getSubnetNodesInfo" })
    let bytes = try #require(recorded["bytesHex"].hex)
    func serve(_ answer: [UInt8]) {
      node.lie("state_call") { params, honest in
        params[0] == "NetworkRuntimeApi_get_subnet_nodes_info" ? .string(Hex.encode(answer)) : try honest()
      }
    }
    var writer = ScaleWriter()
    writer.write(sequence: bytes)
    serve(writer.bytes)
    #expect(try await info.nodes(1).count == recorded["decoded"].list.count)
    serve(bytes)
    await #expect(throws: (any Error).self) { _ = try await info.nodes(1) }
    serve(writer.bytes + [0])
    await #expect(throws: (any Error).self) { _ = try await info.nodes(1) }
  }
}
