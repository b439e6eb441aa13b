@preconcurrency import Dispatch
import Foundation
import LibP2P

/// A worker's end of the pipe to its node: reports go out, and anything that comes in, or its end, means to stop.
public final class WorkerPipe: Sendable {
  private let descriptor: Int32
  private let stops: AsyncStream<Void>
  private let signals: [any DispatchSourceSignal]

  /// The pipe that this process was given. Make it once.
  public init() {
    descriptor = WorkerInvitation.pipe
    let (stops, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    self.stops = stops
    signals = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler { stop.yield() }
      source.resume()
      return source
    }
    // A thread of its own, which no computation keeps from seeing that the node is gone.
    Thread.detachNewThread { [descriptor, stop] in
      var byte: UInt8 = 0
      while read(descriptor, &byte, 1) < 0 && errno == EINTR {}
      stop.yield()
    }
  }

  /// Waits until the node wants this process to end, or is gone; or, as it may happen in a terminal, until SIGINT or
  /// SIGTERM.
  public func waitForStop() async {
    for await _ in stops { break }
  }

  /// Tells the node that requests can come.
  public func reportReady(_ model: ModelDescription?) { send(.ready(model)) }

  /// Tells the node why they can't.
  public func reportFailure(_ error: any Error) {
    switch error {
    case let error as any HosterError:
      send(.failed(code: error.code, message: error.message, remedy: error.remedy))
    case let error as any LibP2PError:
      send(.failed(code: error.code, message: error.message, remedy: error.remedy))
    default: send(.failed(code: WorkerError.Code.startUp.rawValue, message: "\(error)", remedy: ""))
    }
  }

  private func send(_ report: WorkerReport) {
    var rest = report.line[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(sent, 0))
    }
  }
}
