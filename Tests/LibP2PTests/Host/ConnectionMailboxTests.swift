import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import LibP2P

@Suite("Pacing of a connection's commands")
struct ConnectionMailboxTests {
  /// A mailbox whose event loop and clock move when the test says so, with a receiver that holds back what is not due,
  /// as connections do.
  private final class Box {
    private final class Clock: Sendable {
      let now = Mutex(NIODeadline.start)
    }

    let loop = EmbeddedEventLoop()
    let mailbox: ConnectionMailbox
    private let clock = Clock()
    /// What happened: batches, and turns of the event loop.
    private(set) var log: [String] = []

    init() {
      mailbox = ConnectionMailbox(eventLoop: loop) { [clock] in clock.now.withLock(\.self) }
    }

    func open() {
      mailbox.open(
        ConnectionMailbox.Receiver { [unowned self] commands, isDue in
          log.append("\(commands.count) \(isDue ? "due" : "held")")
          if !isDue { mailbox.schedule() }
        })
    }

    func pass(_ time: TimeAmount) { clock.now.withLock { $0 = $0 + time } }

    /// Runs the event loop through so many turns, each with a job of its own, and until nothing is left to do.
    func turn(_ count: Int, _ job: @escaping (Int) -> Void = { _ in }) {
      func take(_ number: Int) {
        guard number <= count else { return }
        loop.execute {
          job(number)
          self.log.append("\(number)")
          take(number + 1)
        }
      }
      take(1)
      loop.run()
    }

    func takeLog() -> [String] {
      defer { log = [] }
      return log
    }
  }

  private let bytes = ByteBuffer(bytes: [1])

  private func opened() -> Box {
    let box = Box()
    box.open()
    _ = box.takeLog()
    return box
  }

  @Test("What was asked before there is a connection is delivered when there is one")
  func beforehand() {
    let box = Box()
    box.mailbox.post(.write(1, bytes))
    box.mailbox.post(.finish(1))
    box.loop.run()
    #expect(box.takeLog().isEmpty)
    box.open()
    #expect(box.takeLog() == ["2 due"])
  }

  @Test("Commands of one turn of the event loop go in one batch")
  func batch() {
    let box = opened()
    box.turn(2) { _ in for _ in 0..<3 { box.mailbox.post(.write(1, bytes)) } }
    #expect(box.takeLog() == ["1", "3 due", "2", "3 due"])
  }

  @Test("What does not have to go out at once waits four turns for what does, and takes it along if it comes")
  func patience() {
    let box = opened()
    box.mailbox.post(.finish(1))
    box.turn(8)
    #expect(box.takeLog() == ["1 held", "1", "2", "3", "4", "5", "0 due", "6", "7", "8"])
    box.mailbox.post(.finish(1))
    box.turn(8) { if $0 == 2 { box.mailbox.post(.write(3, bytes)) } }
    #expect(box.takeLog() == ["1 held", "1", "2", "1 due", "3", "4", "5", "6", "7", "8"])
  }

  @Test("A delivery that came early leaves the next batch its patience")
  func generations() {
    let box = opened()
    box.mailbox.post(.write(1, bytes))
    box.pass(.milliseconds(1))
    box.mailbox.deliverIfDue()
    box.mailbox.schedule()
    box.turn(8)
    #expect(box.takeLog() == ["1 due", "1", "2", "3", "4", "0 due", "5", "6", "7", "8"])
  }

  @Test("Writers are delivered at the pace, however many jobs are before them on the event loop")
  func pace() {
    let box = opened()
    box.pass(.milliseconds(1))
    var delivered = 0
    for _ in 0..<100 {
      box.mailbox.post(.write(1, bytes))
      box.mailbox.deliverIfDue()
      delivered += box.takeLog().count
      box.pass(.microseconds(10))
    }
    #expect(delivered == 20)
  }

  @Test("What may wait has an end of waiting, though other such commands come all the time")
  func longestWait() {
    let box = opened()
    box.turn(40) { _ in
      box.mailbox.post(.deadline(1, nil))
      box.pass(.microseconds(50))
    }
    let log = box.takeLog()
    let turnsBefore = log.prefix { !$0.hasSuffix("due") }.filter { !$0.hasSuffix("held") }
    #expect(turnsBefore.count <= 12)
    let due = log.filter { $0.hasSuffix("due") }
    #expect(due.count >= 3)
  }

  @Test("What may wait goes out behind the job in which its time was over")
  func longJob() {
    let box = opened()
    box.mailbox.schedule()
    box.mailbox.deliverIfDue()
    #expect(box.takeLog().isEmpty)
    box.pass(.milliseconds(1))
    box.mailbox.deliverIfDue()
    #expect(box.takeLog() == ["0 due"])
    box.turn(8)
    #expect(box.takeLog() == (1...8).map(String.init))
  }
}
