import Substrate
import Synchronization

/// How a part of a daemon is.
enum PartHealth: Sendable, Hashable {
  /// It does its work.
  case well(String)
  /// It does its work, and somebody should look.
  case impaired(String)
  /// It does not do its work yet, or not now.
  case waiting(String)

  var text: String {
    switch self {
    case .well(let text), .impaired(let text), .waiting(let text): text
    }
  }

  /// Whether it does its work.
  var isReady: Bool {
    if case .waiting = self { false } else { true }
  }

  /// Whether nobody needs to look.
  var isWell: Bool {
    if case .well = self { true } else { false }
  }

  fileprivate var name: String {
    switch self {
    case .well: "well"
    case .impaired: "impaired"
    case .waiting: "waiting"
    }
  }
}

/// The parts of a daemon, each of which says how it is when it is asked.
final class HealthBoard: Sendable {
  private typealias Part = (name: String, health: @Sendable () -> PartHealth)

  private let parts = Mutex<[Part]>([])

  /// Adds a part.
  ///
  /// - Parameter health: says at once how the part is, without waiting for anything.
  func add(_ name: String, _ health: @escaping @Sendable () -> PartHealth) {
    parts.withLock { $0.append((name, health)) }
  }

  /// How each part is, in the order in which they were added.
  var report: [(name: String, health: PartHealth)] {
    parts.withLock { $0 }.map { ($0.name, $0.health()) }
  }

  /// The parts as `/readyz` and `/healthz` write them.
  static func json(_ report: [(name: String, health: PartHealth)], isGood: Bool) -> JSONValue {
    [
      "status": .string(isGood ? "ok" : "unavailable"),
      "parts": .object(
        Dictionary(
          report.map { name, health -> (String, JSONValue) in
            (name, ["state": .string(health.name), "detail": .string(health.text)])
          }
        ) { $1 }),
    ]
  }
}
