import Foundation
import Substrate
import Synchronization

/// Where the network is shown: a table that is drawn over and over on a terminal, lines elsewhere, nothing for scripts
/// until the end.
final class DevNetScreen: Sendable {
  enum Kind: Sendable {
    case table, lines, nothing
  }

  private struct State {
    var narrator: DevNetNarrator?
    /// Lines of the table that stands on the screen.
    var drawn = 0
  }

  private let kind: Kind
  private let state = Mutex(State())

  init(_ kind: Kind) { self.kind = kind }

  /// The kind for standard output and a format.
  static func kind(for format: OutputFormat) -> Kind {
    guard format == .table else { return .nothing }
    let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    return isTerminal ? .table : .lines
  }

  /// A line that stays.
  func say(_ text: String) {
    guard kind != .nothing else { return }
    state.withLock { state in
      state.drawn = 0
      Report.write(text: text)
    }
  }

  func show(_ picture: DevNetPicture, _ plan: DevNetPlan) {
    state.withLock { state in
      switch kind {
      case .nothing: return
      case .lines:
        var narrator = state.narrator ?? DevNetNarrator(plan)
        for line in narrator.news(picture) { Report.write(text: line) }
        state.narrator = narrator
      case .table:
        let lines = DevNetTable(picture, plan).lines
        // Up to the first line of the table before, and away with it.
        let up = state.drawn == 0 ? "" : "\u{1b}[\(state.drawn)A\u{1b}[J"
        state.drawn = lines.count
        Report.write(text: up + lines.joined(separator: "\n"))
      }
    }
  }
}
