import Logging
import NIOCore
import NIOWebSocket
import Substrate

/// The node and its clients, all on one event loop: so nothing needs a lock, and messages keep their order.
///
/// Every method but ``init(_:blockTime:eventLoop:logger:)`` has to be called on the loop.
final class NodeLoop: Sendable {
  /// Clients at a time.
  static let connectionLimit = 256
  /// Bytes that may wait for one client; who reads more slowly is disconnected.
  static let backlogLimit = 32 << 20

  private struct State {
    var node: DevChainNode
    var clients: [Int: any Channel] = [:]
    var nextClient = 0
    var timer: Scheduled<Void>?
    var isStopped = false
  }

  let eventLoop: any EventLoop
  private let state: NIOLoopBoundBox<State>
  private let blockTime: DevChainConfiguration.BlockTime
  private let logger: Logger

  init(_ node: DevChainNode, blockTime: DevChainConfiguration.BlockTime, eventLoop: any EventLoop, logger: Logger) {
    self.eventLoop = eventLoop
    self.blockTime = blockTime
    self.logger = logger
    state = .makeBoxSendingValue(State(node: node), eventLoop: eventLoop)
  }

  // MARK: Clients

  /// - Returns: the client's number, or nil if there are too many.
  func join(_ channel: any Channel) -> Int? {
    guard !state.value.isStopped, state.value.clients.count < Self.connectionLimit else { return nil }
    state.value.nextClient += 1
    state.value.clients[state.value.nextClient] = channel
    return state.value.nextClient
  }

  func leave(_ client: Int) {
    state.value.clients[client] = nil
    state.value.node.leave(client)
  }

  /// Takes a message, and gives the answer to `answer`, now or when a fault lets it.
  func receive(_ message: [UInt8], from client: Int?, answer: @escaping (JSONValue) -> Void) {
    let delay = state.value.node.faults.delay
    var answers: [JSONValue] = []
    let actions = state.value.node.receive(message, from: client) { answers.append($0) }
    let answer = NIOLoopBound(answer, eventLoop: eventLoop)
    let deliver = { [answers] in
      for each in answers { answer.value(each) }
      self.perform(actions)
      self.makeInstantBlocks()
    }
    if delay > .zero {
      let deliver = NIOLoopBound(deliver, eventLoop: eventLoop)
      _ = eventLoop.scheduleTask(in: TimeAmount(delay)) { deliver.value() }
    } else {
      deliver()
    }
  }

  private func perform(_ actions: [DevChainNode.Action]) {
    for action in actions {
      switch action {
      case .send(let client, let message): send(message, to: client)
      case .close(let client): state.value.clients[client]?.close(promise: nil)
      }
    }
  }

  func send(_ message: JSONValue, to client: Int) {
    guard let channel = state.value.clients[client] else { return }
    guard channel.isWritable else {
      logger.info("a client reads too slowly and is disconnected", metadata: ["client": "\(client)"])
      return channel.close(promise: nil)
    }
    let frame = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(bytes: message.encoded()))
    channel.writeAndFlush(frame, promise: nil)
  }

  // MARK: Blocks

  /// Lets time run, if it does not yet.
  func start() {
    guard case .every(let period) = blockTime, state.value.timer == nil else { return }
    schedule(at: .now() + TimeAmount(period), period: TimeAmount(period))
  }

  private func schedule(at time: NIODeadline, period: TimeAmount) {
    guard !state.value.isStopped else { return }
    state.value.timer = eventLoop.scheduleTask(deadline: time) {
      self.makeBlock()
      // A late block does not hurry the next ones.
      self.schedule(at: max(time + period, .now()), period: period)
    }
  }

  private func makeInstantBlocks() {
    guard blockTime == .instant, state.value.node.hasReadyExtrinsics else { return }
    makeBlock()
  }

  func makeBlock() {
    perform(state.value.node.makeBlock())
  }

  func retract(_ count: Int) {
    perform(state.value.node.retract(count))
  }

  func upgrade(_ parameters: RuntimeParameters) {
    perform(state.value.node.upgrade(parameters))
  }

  var node: DevChainNode { state.value.node }

  func setFaults(_ faults: Faults) { state.value.node.faults = faults }

  func dropClients() {
    for channel in state.value.clients.values { channel.close(promise: nil) }
  }

  func stop() {
    state.value.isStopped = true
    state.value.timer?.cancel()
    dropClients()
  }
}
