import DevChain
import Substrate

/// Where everything is, for those who use a network that is kept.
struct DevNetReadyLine {
  let json: JSONValue

  init(
    _ plan: DevNetPlan, _ folder: DevNetFolder, _ chain: DevChainServer, _ genesisHash: BlockHash,
    _ ready: [String: JSONValue], _ processes: [String: Int32]
  ) throws {
    let nodes = try ([plan.bootnode] + plan.nodes).map { node -> JSONValue in
      let said = ready[node.name]
      return [
        "name": .string(node.name), "role": .string(node.role.rawValue),
        "id": node.id.map { JSONValue($0) } ?? .null, "process": processes[node.name].map { JSONValue($0) } ?? .null,
        "peer": .string(node.peerKey.peerID.description), "address": .string(try node.fullAddress.description),
        "peerKey": .string(folder.peerKey(of: node)),
        "hotkey": node.hotkey == nil ? .null : .string(folder.hotkey(of: node)),
        "coldkey": node.coldkey == nil ? .null : .string(folder.coldkey(of: node)),
        "hotkeyAddress": node.hotkey.map { .string($0.accountID.description) } ?? .null,
        "coldkeyAddress": node.coldkey.map { .string($0.accountID.description) } ?? .null,
        "configuration": node.role == .bootnode ? .null : .string(folder.configuration(of: node)),
        "database": node.role == .bootnode ? .null : .string(folder.database(of: node)),
        "operations": said?["operations"] ?? .null, "control": said?["control"] ?? .null,
        "log": .string(folder.log(of: node)),
      ]
    }
    json = [
      "ready": true, "directory": .string(folder.path), "subnet": JSONValue(DevNetPlan.subnet),
      "chain": [
        "ws": .string(chain.webSocketURL), "http": .string(chain.httpURL),
        "genesis": .string(genesisHash.description),
      ],
      "nodes": .array(nodes),
      "guest": [
        "peer": .string(plan.guest.peerID.description), "peerKey": .string(folder.guestKey),
      ],
    ]
  }
}
