import Testing

@_spi(Testing) @testable import Validator
@testable import validatord

@Suite("Where a daemon is to kill itself")
struct CrashPointTests {
  @Test("Every step of the journal can be named")
  func steps() throws {
    for arrow in DutyProgress.Arrow.allCases {
      for moment in SubmissionJournal.Moment.allCases {
        let point = try CrashPoint("\(arrow.rawValue):\(moment.rawValue)")
        #expect(point.arrow == arrow && point.moment == moment)
      }
    }
  }

  @Test(
    "What names no step is refused, with the way to name one",
    arguments: [
      "", ":", "sign", "sign:", ":inside", "sign:never", "never:inside", "Sign:inside", "sign:inside:1", " sign:inside",
    ])
  func refused(_ text: String) throws {
    let error = #expect(throws: CommandError.self) { try CrashPoint(text) }
    #expect(error?.code == "usage.crash-point" && error?.status == .usage)
    #expect(error?.remedy.contains("sign:inside") == true)
  }
}
