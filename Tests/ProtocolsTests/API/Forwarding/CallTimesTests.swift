import NIOCore
import Testing

@testable import Protocols

@Suite("Times of API calls")
struct CallTimesTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private func times() -> CallTimes { CallTimes(silence: .seconds(30), total: .seconds(100), now: start) }

  private func code(_ verdict: CallTimes.Verdict) -> String? {
    if case .failed(let error) = verdict { error.code } else { nil }
  }

  @Test("A-26 silence of the server is its fault, a reader that stalls is the caller's")
  func silence() {
    var times = times()
    #expect(times.verdict(now: start) == .goOn(until: start + .seconds(30)))
    #expect(times.verdict(now: start + .seconds(29)) == .goOn(until: start + .seconds(30)))
    #expect(code(times.verdict(now: start + .seconds(30))) == "api.upstream-timeout")
    times.turn(to: .caller, now: start + .seconds(20))
    #expect(times.verdict(now: start + .seconds(49)) == .goOn(until: start + .seconds(50)))
    #expect(code(times.verdict(now: start + .seconds(50))) == "api.deadline")
  }

  @Test("Whatever moves, the call ends")
  func total() {
    var times = times()
    for second in stride(from: Int64(0), to: 100, by: 10) {
      times.turn(to: .server, now: start + .seconds(second))
      #expect(code(times.verdict(now: start + .seconds(second))) == nil)
    }
    #expect(times.verdict(now: start + .seconds(99)) == .goOn(until: start + .seconds(100)))
    #expect(code(times.verdict(now: start + .seconds(100))) == "api.deadline")
  }

  @Test("Times beyond all reason do not overflow")
  func forever() {
    let times = CallTimes(silence: .seconds(Int64.max), total: .seconds(Int64.max), now: start)
    #expect(code(times.verdict(now: start)) == nil)
  }
}
