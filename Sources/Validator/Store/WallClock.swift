import Foundation

/// The time of day, which is for display only: what counts is the chain's.
enum WallClock {
  /// Since 1970, in UTC.
  static var milliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
