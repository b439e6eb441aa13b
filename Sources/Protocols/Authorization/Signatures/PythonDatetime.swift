import Foundation
import Synchronization

/// Moments as Python writes a `datetime` in UTC: `2025-10-09 08:54:20.125000+00:00`, the fraction left out when it is
/// zero (mesh-wire.md §3.4).
enum PythonDatetime {
  /// From 1970 to 9999, in Unix seconds.
  private static let range = 0.0...253_402_300_799.0
  private static let lengths = 25...32
  /// Texts that were read lately: the same stands in all messages of a peer for some seconds.
  private static let read = Mutex<[String: Double]>([:])
  /// How many of those are kept.
  private static let capacity = 1_024

  /// The text of a moment in Unix seconds, or of the nearest one in ``range``.
  static func text(_ seconds: Double) -> String {
    let seconds = seconds.isNaN ? 0 : min(max(seconds, range.lowerBound), range.upperBound)
    let (whole, fraction) = Int64((seconds * 1e6).rounded(.toNearestOrEven)).quotientAndRemainder(dividingBy: 1_000_000)
    var (moment, parts) = (time_t(whole), tm())
    gmtime_r(&moment, &parts)
    let date = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
    return "\(date) \(time)\(fraction == 0 ? "" : "." + digits(Int32(fraction), 6))+00:00"
  }

  /// A number with leading zeros.
  private static func digits(_ number: Int32, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  /// The moment in Unix seconds; nil for any text that ``text(_:)`` would not write.
  static func seconds(_ text: String) -> Double? {
    guard lengths.contains(text.utf8.count) else { return nil }
    if let known = read.withLock({ $0[text] }) { return known }
    guard let seconds = parsed(text) else { return nil }
    read.withLock { read in
      if read.count >= capacity { read.removeAll(keepingCapacity: true) }
      read[text] = seconds
    }
    return seconds
  }

  private static func parsed(_ text: String) -> Double? {
    let numbers = text.utf8.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      .compactMap { Int32(Substring($0)) }
    guard numbers.count == 8 || numbers.count == 9 else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
    let seconds = Double(timegm(&parts)) + (numbers.count == 9 ? Double(numbers[6]) / 1e6 : 0)
    return Self.text(seconds) == text ? seconds : nil
  }
}
