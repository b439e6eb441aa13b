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
    var take: (Deque<Command>) -> Void
  }

  /// Runs tasks on the connection's event loop.
  let executor: EventLoopTaskExecutor
  private let queue: Queue

  init(eventLoop: any EventLoop) {
    let queue = Queue(eventLoop: eventLoop)
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

    private struct State {
      var commands = Deque<Command>()
      var isScheduled = false
      var patience = 0
      var receiver: NIOLoopBound<Receiver>?
      var lastDelivery = NIODeadline.uptimeNanoseconds(0)

      /// Whether the delivery has to be put on the event loop.
      mutating func schedule() -> Bool {
        guard !isScheduled, receiver != nil else { return false }
        isScheduled = true
        return true
      }
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func open(_ receiver: Receiver) {
      state.withLock { state in
        state.receiver = NIOLoopBound(receiver, eventLoop: eventLoop)
        state.isScheduled = true
      }
      deliver()
    }

    func add(_ command: Command) {
      let isFirst = state.withLock { state in
        state.commands.append(command)
        return state.schedule()
      }
      if isFirst { eventLoop.execute { self.deliver() } }
    }

    func schedule() {
      let isFirst = state.withLock { state in
        state.patience = Self.patience
        return state.schedule()
      }
      if isFirst { eventLoop.execute { self.deliver() } }
    }

    /// Call it on the event loop, outside of the receiver.
    func deliverIfDue() {
      let now = eventLoop.now
      let isDue = state.withLock { !$0.commands.isEmpty && $0.isScheduled && now - $0.lastDelivery >= Self.pace }
      if isDue { deliver() }
    }

    private func deliver() {
      let now = eventLoop.now
      let (commands, receiver, isEarly) = state.withLock { state -> (Deque<Command>, NIOLoopBound<Receiver>?, Bool) in
        guard state.isScheduled else { return ([], nil, false) }
        if state.commands.isEmpty, state.patience > 0 {
          state.patience -= 1
          return ([], nil, true)
        }
        state.isScheduled = false
        state.patience = 0
        state.lastDelivery = now
        defer { state.commands = [] }
        return (state.commands, state.receiver, false)
      }
      if isEarly { return eventLoop.execute { self.deliver() } }
      receiver?.value.take(commands)
    }
  }
}
