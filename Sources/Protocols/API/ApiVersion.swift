/// The versions of the API protocol.
public enum ApiVersion: String, Sendable, CaseIterable {
  /// The published protocol: the answer is bytes without status, headers or sign of failure (subnet-wire.md §4).
  case plain = "/subnet/api_protocol/1.0.0"
  /// Between nodes of this software: status, headers, failures and deadlines (docs/api-protocol.md).
  case framed = "/subnet/api_protocol/1.1.0"

  /// The libp2p protocol id.
  public var protocolID: String { rawValue }
}
