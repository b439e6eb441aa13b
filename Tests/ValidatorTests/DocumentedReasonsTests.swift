import Foundation
import Testing

@testable import Validator

@Suite("Reasons in the documentation")
struct DocumentedReasonsTests {
  @Test("Every reason of a verdict stands in docs/scoring.md, every reason of a missed duty in docs/store.md")
  func reasons() throws {
    func page(_ name: String) throws -> String {
      try String(contentsOf: Repository.root.appending(path: "docs/\(name)"), encoding: .utf8)
    }
    let (scoring, store) = (try page("scoring.md"), try page("store.md"))
    for reason in VerdictReason.allCases { #expect(scoring.contains("| `\(reason.rawValue)` |"), "\(reason)") }
    for reason in MissReason.allCases { #expect(store.contains("| `\(reason.rawValue)` |"), "\(reason)") }
    for arrow in DutyProgress.Arrow.allCases { #expect(store.contains("`\(arrow.rawValue)`"), "\(arrow)") }
    for table in try tables() { #expect(store.contains("`\(table)`"), "\(table)") }
  }

  private func tables() throws -> [String] {
    Migration.all.flatMap { migration in
      migration.sql.split(separator: "\n").filter { $0.hasPrefix("CREATE TABLE ") }
        .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
    }
  }
}
