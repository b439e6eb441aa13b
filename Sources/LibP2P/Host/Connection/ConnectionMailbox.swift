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
  }

  private struct State {
    var commands = Deque<Command>()
    var isScheduled = false
    var receiver: NIOLoopBound<Receiver>?
  }

  /// Takes the batches, on the event loop.
  struct Receiver {
    var take: (Deque<Command>) -> Void
  }

  /// Runs tasks on the connection's event loop.
  let executor: EventLoopTaskExecutor
  private let eventLoop: any EventLoop
  private let state = Mutex(State())

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    executor = EventLoopTaskExecutor(eventLoop)
  }

  /// Names the receiver; call it on the event loop, once.
  func open(_ receiver: Receiver) {
    state.withLock { $0.receiver = NIOLoopBound(receiver, eventLoop: eventLoop) }
    deliver()
  }

  /// Adds a command. After the connection's end the receiver still gets it, to answer that it is over.
  func post(_ command: Command) {
    let isFirst = state.withLock { state in
      state.commands.append(command)
      guard !state.isScheduled, state.receiver != nil else { return false }
      state.isScheduled = true
      return true
    }
    if isFirst { eventLoop.execute { self.deliver() } }
  }

  private func deliver() {
    let (commands, receiver) = state.withLock { state in
      state.isScheduled = false
      defer { state.commands = [] }
      return (state.commands, state.receiver)
    }
    receiver?.value.take(commands)
  }

  /// Answers a command that comes after the connection's end.
  static func refuse(_ command: Command) {
    let error = StreamError(.connectionLost, "the connection has ended")
    switch command {
    case .writeFrame(_, _, _, let done): done.resume(throwing: error)
    case .open(let request): request.fail(error)
    default: break
    }
  }
}
