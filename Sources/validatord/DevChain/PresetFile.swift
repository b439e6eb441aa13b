import DevChain
import Foundation
import LibP2P
import Substrate

/// What a simulated chain begins with, as JSON: accounts with money, and subnets that work from the first block on.
///
/// docs/devchain.md has its members.
struct PresetFile {
  /// The development accounts, and what the file adds to them.
  let genesis: Genesis

  /// The most bytes that such a file may have.
  static let maximumSize = 4 << 20

  init(path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: Self.maximumSize + 1),
      data.count <= Self.maximumSize
    else {
      throw CommandError(
        "devchain.preset", "\(path) can't be read", remedy: "It is JSON of \(Self.maximumSize >> 20) MiB at most.",
        status: .unavailable)
    }
    do {
      try self.init(JSONValue(parsing: [UInt8](data)))
    } catch let error as JSONError {
      throw Self.malformed(path, error.message)
    } catch let error as MemberError {
      throw Self.malformed(path, error.text)
    }
  }

  init(_ json: JSONValue) throws {
    let file = try Members(json, "the file", allowed: ["balances", "subnets"])
    var genesis = Genesis.development
    for (account, amount) in file.json["balances"]?.objectValue ?? [:] {
      guard let account = try? AccountID(account) else { throw MemberError("\(account) is no account") }
      guard let amount = amount.stringValue.flatMap(Planck.init(tensor:)) else {
        throw MemberError("the balance of \(account) is no amount in TENSOR, as text")
      }
      genesis.balances[account] = amount
    }
    for subnet in file.json["subnets"]?.arrayValue ?? [] { genesis.add(try Self.subnet(subnet)) }
    self.genesis = genesis
  }

  private static func subnet(_ json: JSONValue) throws -> SubnetPreset {
    let subnet = try Members(
      json, "a subnet",
      allowed: [
        "name", "repo", "owner", "bootnodes", "nodes", "minimumStake", "maximumStake", "delegateStake",
        "includedEpochs",
      ])
    let bootnodes = try (json["bootnodes"]?.arrayValue ?? []).map { bootnode in
      let address = try multiaddr(bootnode)
      guard let peer = address.peerID else { throw MemberError("the bootnode \(address) has no /p2p") }
      return PeerInfo(peerID: peer.description, multiaddr: address.bytes)
    }
    var preset = SubnetPreset(
      name: try subnet.text("name"), repo: json["repo"]?.stringValue, owner: try subnet.account("owner"),
      bootnodes: bootnodes, nodes: try (json["nodes"]?.arrayValue ?? []).map(node))
    if let least = try subnet.amountIfAny("minimumStake") { preset.minimumStake = least }
    if let most = try subnet.amountIfAny("maximumStake") { preset.maximumStake = most }
    if let behind = try subnet.amountIfAny("delegateStake") { preset.delegateStake = behind }
    if let epochs = json["includedEpochs"] {
      guard let number = epochs.uint64Value.flatMap(UInt32.init(exactly:)) else {
        throw MemberError("includedEpochs is no number of epochs")
      }
      preset.includedEpochs = number
    }
    return preset
  }

  private static func node(_ json: JSONValue) throws -> SubnetPreset.Node {
    let node = try Members(json, "a node", allowed: ["hotkey", "coldkey", "peer", "multiaddr", "stake", "class"])
    let text = try node.text("peer")
    guard let peer = try? PeerID(text) else { throw MemberError("\(text.debugDescription) is no peer id") }
    let address = try json["multiaddr"].map { try multiaddr($0) }
    if let named = address?.peerID, named != peer { throw MemberError("\(peer) can't be reached at \(named)") }
    var nodeClass = NodeClass.validator
    if let name = json["class"] {
      guard let found = name.stringValue.flatMap(NodeClass.init(name:)) else {
        throw MemberError("a class is one of \(NodeClass.allCases.map(\.description).joined(separator: ", "))")
      }
      nodeClass = found
    }
    return SubnetPreset.Node(
      hotkey: try node.account("hotkey"), coldkey: try node.account("coldkey"),
      peer: PeerInfo(
        peerID: peer.description,
        multiaddr: try address.map { $0.peerID == nil ? try $0.withPeer(peer).bytes : $0.bytes }),
      stake: try node.amountIfAny("stake") ?? defaultStake, nodeClass: nodeClass)
  }

  /// Of a node whose stake the file leaves out: the least, and what some slashes take.
  static let defaultStake = Planck(tensor: "110") ?? SubnetPreset.stakes.minimum

  private static func multiaddr(_ json: JSONValue) throws -> Multiaddr {
    guard let text = json.stringValue else { throw MemberError("a multiaddr is text") }
    do {
      return try Multiaddr(text)
    } catch {
      throw MemberError(error.message)
    }
  }

  private static func malformed(_ path: String, _ text: String) -> CommandError {
    CommandError(
      "devchain.preset", "\(path): \(text)", remedy: "docs/devchain.md has the members of such a file.",
      status: .configuration)
  }

  /// What is wrong with a member.
  private struct MemberError: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// An object of the file, none of whose members is unknown.
  private struct Members {
    let json: JSONValue
    private let what: String

    init(_ json: JSONValue, _ what: String, allowed: Set<String>) throws {
      guard let members = json.objectValue else { throw MemberError("\(what) is no object") }
      if let unknown = members.keys.filter({ !allowed.contains($0) }).min() {
        throw MemberError("\(what) has no member \(unknown.debugDescription)")
      }
      self.json = json
      self.what = what
    }

    func text(_ name: String) throws -> String {
      guard let text = json[name]?.stringValue else { throw MemberError("\(what) has no text \(name)") }
      return text
    }

    func account(_ name: String) throws -> AccountID {
      guard let account = try? AccountID(text(name)) else { throw MemberError("\(name) of \(what) is no account") }
      return account
    }

    func amountIfAny(_ name: String) throws -> Planck? {
      guard let value = json[name] else { return nil }
      guard let amount = value.stringValue.flatMap(Planck.init(tensor:)) else {
        throw MemberError("\(name) of \(what) is no amount in TENSOR, as text")
      }
      return amount
    }
  }
}
