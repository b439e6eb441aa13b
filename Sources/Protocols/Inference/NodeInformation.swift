import Foundation

/// What a node says of itself in answer to `rpc_info` (mesh-wire.md §7).
public struct NodeInformation: Sendable, Hashable {
  /// The most bytes that are read of a peer's.
  public static let maximumLength = 4096

  /// The version of its software.
  public var version: String
  /// Whether it keeps no records for others.
  public var isDHTClient: Bool
  /// What it does.
  public var role: NodeRole

  public init(version: String, isDHTClient: Bool = false, role: NodeRole) {
    self.version = version
    self.isDHTClient = isDHTClient
    self.role = role
  }

  /// Reads a peer's answer.
  ///
  /// - Throws: ``CallError`` `rpc.undecodable`.
  public init(_ message: NodeData) throws(CallError) {
    let bytes = message.serializedInfo
    guard bytes.count <= Self.maximumLength, let map = try? MessagePackValue(encoded: bytes),
      case .string(let version)? = map["version"], case .bool(let isClient)? = map["dht_client_mode"],
      case .string(let role)? = map["role"]
    else { throw CallError(.undecodable, "\(bytes.count) bytes are no description of a node") }
    self.init(version: version, isDHTClient: isClient, role: NodeRole(rawValue: role))
  }

  /// The answer, as published nodes write it.
  public var message: NodeData {
    let map = MessagePackValue.map([
      .init(.string("version"), .string(version)), .init(.string("dht_client_mode"), .bool(isDHTClient)),
      .init(.string("role"), .string(role.rawValue)),
    ])
    return NodeData.with { $0.serializedInfo = map.encoded }
  }
}
