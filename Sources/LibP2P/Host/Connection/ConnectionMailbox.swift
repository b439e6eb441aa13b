import DequeModule
import NIOCore
import Synchronization

/// What tasks ask of a connection, delivered to its event loop in batches: one wake-up for all that came
/// meanwhile.
final class ConnectionMailbox: Sendable {
  /// A request from a task; streams are named by their Yamux id.
  enum Command: Sendable {
    case write(UInt32, ByteBuffer)
    case writeFrame(UInt32, ByteBuffer, WriteFraming, CheckedContinuation<Void, any Error>)
    case consumed(UInt32, Int)
    case finish(UInt32)
    /// Nothing more is wanted from the peer.
    case abandoned(UInt32)
    case reset(UInt32)
    case deadline(UInt32, NIODeadline?)
    case open(OutboundStreamRequest)
    /// Take no more streams and close when those that are open have ended.
    case goAway
    /// Close when unused for a while.
    case retire
    case close

    /// Whether the peer should have it before the tasks on the event loop had their turn.
    var isUrgent: Bool {
      switch self {
      case .open(let request): !request.isAssumed
      case .finish, .abandoned, .deadline, .consumed: false
      case .write, .writeFrame, .reset, .goAway, .retire, .close: true
      }
    }
  }

  /// Takes the batches, on the event loop.
  struct Receiver {
    /// - Parameters:
    ///   - commands: what came since the last batch; none after ``ConnectionMailbox/schedule()``.
    ///   - isDue: whether what the peer should have has to go out now. Otherwise it may wait: call `schedule()`.
    var take: (_ commands: Deque<Command>, _ isDue: Bool) -> Void
  }

  /// Runs tasks on the connection's event loop.
  let executor: EventLoopTaskExecutor
  private let queue: Queue

  /// - Parameter now: the time by which commands wait; the event loop's unless a test has another.
  init(eventLoop: any EventLoop, now: (@Sendable () -> NIODeadline)? = nil) {
    let queue = Queue(eventLoop: eventLoop, now: now ?? { eventLoop.now })
    self.queue = queue
    executor = EventLoopTaskExecutor(eventLoop) { queue.deliverIfDue() }
  }

  /// Names the receiver; call it on the event loop, once.
  func open(_ receiver: Receiver) { queue.open(receiver) }

  /// Adds a command. After the connection's end the receiver still gets it, to answer that it is over.
  func post(_ command: Command) { queue.add(command) }

  /// Has the receiver called soon: with the next command, or with none when the tasks that are about to run on the event
  /// loop had their turn.
  func schedule() { queue.schedule() }

  /// Delivers what has waited for long enough. Call it on the event loop after each job there, outside of the receiver.
  func deliverIfDue() { queue.deliverIfDue() }

  /// Answers a command that comes after the connection's end.
  static func refuse(_ command: Command) {
    let error = StreamError(.connectionLost, "the connection has ended")
    switch command {
    case .writeFrame(_, _, _, let done): done.resume(throwing: error)
    case .open(let request): request.fail(error)
    default: break
    }
  }

  /// The commands that wait, and when they go out.
  private final class Queue: Sendable {
    /// How long commands of tasks that run one after the other on the event loop wait for each other. Without an end
    /// to it, a node would work off all that came in before it sends the first answer, and its peer would idle.
    static let pace = TimeAmount.microseconds(50)
    /// How often an empty batch steps behind the jobs on the event loop: a task that goes on takes a few to write.
    static let patience = 4
    /// How long what does not have to go out at once waits for what does: a caller signs behind the opening of a stream.
    static let longestWait = TimeAmount.microseconds(500)

    private struct State {
      var commands = Deque<Command>()
      var isScheduled = false
      /// Which scheduling it is: deliveries that an earlier one left on the event loop are none of its.
      var generation: UInt64 = 0
      var patience = 0
      var receiver: NIOLoopBound<Receiver>?
      var lastDelivery = NIODeadline.uptimeNanoseconds(0)
      /// Since when something waits that did not have to go out at once.
      var waitsSince: NIODeadline?

      /// The delivery that has to be put on the event loop.
      mutating func schedule() -> UInt64? {
        guard !isScheduled, receiver != nil else { return nil }
        isScheduled = true
        generation &+= 1
        return generation
      }

      /// Whether what waits has waited for long enough.
      func isLate(_ now: NIODeadline) -> Bool { waitsSince.map { now - $0 >= Queue.longestWait } ?? false }
    }

    private let eventLoop: any EventLoop
    private let now: @Sendable () -> NIODeadline
    private let state = Mutex(State())

    init(eventLoop: any EventLoop, now: @escaping @Sendable () -> NIODeadline) {
      self.eventLoop = eventLoop
      self.now = now
    }

    func open(_ receiver: Receiver) {
      let delivery = state.withLock { state in
        state.receiver = NIOLoopBound(receiver, eventLoop: eventLoop)
        return state.schedule()
      }
      if let delivery { deliver(delivery) }
    }

    func add(_ command: Command) {
      let delivery = state.withLock { state in
        state.commands.append(command)
        return state.schedule()
      }
      if let delivery { eventLoop.execute { self.deliver(delivery) } }
    }

    func schedule() {
      let now = self.now()
      let delivery = state.withLock { state in
        state.patience = Self.patience
        state.waitsSince = state.waitsSince ?? now
        return state.schedule()
      }
      if let delivery { eventLoop.execute { self.deliver(delivery) } }
    }

    func deliverIfDue() {
      let delivery = state.withLock { state -> UInt64? in
        guard state.isScheduled, !state.commands.isEmpty || state.waitsSince != nil else { return nil }
        let now = self.now()
        let isPaced = !state.commands.isEmpty && now - state.lastDelivery >= Self.pace
        return isPaced || state.isLate(now) ? state.generation : nil
      }
      if let delivery { deliver(delivery) }
    }

    private func deliver(_ generation: UInt64) {
      let now = self.now()
      var (receiver, commands, isDue, isEarly) = (NIOLoopBound<Receiver>?.none, Deque<Command>(), true, false)
      state.withLock { state in
        guard state.isScheduled, state.generation == generation else { return }
        let isLate = state.isLate(now)
        if state.commands.isEmpty, !isLate, state.patience > 0 {
          state.patience -= 1
          isEarly = true
          return
        }
        (state.isScheduled, state.patience, state.lastDelivery) = (false, 0, now)
        swap(&commands, &state.commands)
        isDue = isLate || commands.isEmpty || commands.contains(where: \.isUrgent)
        if isDue { state.waitsSince = nil }
        receiver = state.receiver
      }
      if isEarly { return eventLoop.execute { self.deliver(generation) } }
      receiver?.value.take(commands, isDue)
    }
  }
}
