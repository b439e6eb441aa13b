/// A subnet, as the chain keeps it.
public struct Subnet: Sendable, Hashable {
  public enum State: String, Sendable, Codable {
    case registered = "Registered"
    case active = "Active"
    case paused = "Paused"
  }

  public let id: UInt32
  public let friendlyID: UInt32?
  public let name: String
  public let repo: String
  public let state: State
  /// The general epoch from which it is active.
  public let startEpoch: UInt32
  /// The block of the general epoch at which its own epochs start; nil until it is active.
  public let slot: UInt32?
  public let owner: AccountID?
  public let minimumStake: Planck
  public let maximumStake: Planck
  public let reputation: FixedU128

  /// Text of strangers: control characters are taken out, so that it may be shown.
  static func printable(_ bytes: [UInt8]) -> String {
    String(
      String.UnicodeScalarView(
        String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
          !($0.properties.generalCategory == .control || $0.properties.generalCategory == .format)
        }))
  }
}
