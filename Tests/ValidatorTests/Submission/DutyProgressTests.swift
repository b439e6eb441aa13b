import Testing

@testable import Validator

@Suite("The journal's state machine")
struct DutyProgressTests {
  private static let states: [DutyProgress.State] = [
    .planned, .signed, .sent, .included(Sample.block(1)), .finalized(Sample.block(1)), .expired, .replaced,
    .refused("x"), .missed(.tooLate),
  ]
  private static let events: [DutyProgress.Event] = [
    .sign, .send, .include(Sample.block(1)), .include(Sample.block(2)), .retract, .finalize(Sample.block(1)), .expire,
    .replace, .refuse("x"), .miss(.tooLate),
  ]

  /// All that may follow, by state and event: the arrows of spec/epoch.md §8, spelled out a second time.
  private static let allowed: [String: [String: String]] = [
    "planned": ["sign": "signed", "miss": "missed"],
    "signed": ["send": "sent", "expire": "expired", "replace": "replaced", "refuse": "refused", "miss": "missed"],
    "sent": [
      "send": "sent", "include": "included", "retract": "sent", "expire": "expired", "replace": "replaced",
      "refuse": "refused",
    ],
    "included": ["include": "included", "retract": "sent", "finalize": "finalized", "refuse": "refused"],
    "finalized": ["finalize": "finalized"],
  ]

  @Test("Nothing follows but the arrows of the specification, and a refused event changes nothing")
  func table() {
    for state in Self.states {
      for event in Self.events {
        var progress = DutyProgress(state)
        let expected = Self.allowed[state.name]?[event.name]
        do {
          _ = try progress.apply(event)
          #expect(progress.state.name == expected, "\(state) \(event)")
        } catch {
          #expect(expected == nil && progress.state == state && error.code == "journal.arrow", "\(state) \(event)")
        }
      }
    }
  }

  @Test("There are ten arrows; each is told once, and what is known already is no step")
  func arrows() throws {
    #expect(DutyProgress.Arrow.allCases.count == 10)
    var progress = DutyProgress()
    var arrows: [DutyProgress.Arrow?] = []
    for event: DutyProgress.Event in [
      .sign, .send, .send, .include(Sample.block(1)), .include(Sample.block(1)), .include(Sample.block(2)), .retract,
      .retract, .include(Sample.block(3)), .finalize(Sample.block(3)), .finalize(Sample.block(3)),
    ] { arrows.append(try progress.apply(event)) }
    #expect(arrows == [.sign, .send, nil, .include, nil, .include, .retract, nil, .include, .finalize, nil])
    #expect(progress.isDone && progress.next == .nothing)
  }

  @Test("What is over stays over")
  func terminal() {
    for state in Self.states where DutyProgress(state).isDone {
      #expect(DutyProgress(state).next == .nothing)
      for event in Self.events {
        var progress = DutyProgress(state)
        _ = try? progress.apply(event)
        #expect(progress.state == state)
      }
    }
  }
}
