import NIOCore
import NIOPosix

/// One connection through a ``FaultProxy``: the client's channel, the node's, and a direction each way. It
/// lives on the proxy's event loop.
final class FaultProxyRelay {
  /// Completes when both channels are closed.
  let ended: EventLoopFuture<Void>
  private let client: any Channel
  private let promise: EventLoopPromise<Void>
  private var node: (any Channel)?
  private var directions: [FaultProxyDirection] = []
  private var mode: FaultProxy.Mode

  init(client: any Channel, mode: FaultProxy.Mode) {
    self.client = client
    self.mode = mode
    promise = client.eventLoop.makePromise()
    ended = promise.futureResult
  }

  /// Opens the way to the node; fails when the node is not there.
  func connect(to port: Int) -> EventLoopFuture<Void> {
    let way = ClientBootstrap(group: client.eventLoop)
      .channelOption(.autoRead, value: false)
      .connect(host: "127.0.0.1", port: port)
      .assumeIsolated()
      .flatMapThrowing { try self.join($0) }
    way.whenFailure { _ in self.promise.succeed() }
    return way.nonisolated()
  }

  func follow(_ mode: FaultProxy.Mode) {
    self.mode = mode
    for direction in directions { direction.mode = mode }
  }

  /// Closes both ends at once; what is withheld is lost.
  func close() -> EventLoopFuture<Void> {
    client.close(promise: nil)
    node?.close(promise: nil)
    return ended
  }

  private func join(_ node: any Channel) throws {
    self.node = node
    directions = [
      FaultProxyDirection(to: node, mode: mode), FaultProxyDirection(to: client, mode: mode),
    ]
    do {
      try client.pipeline.syncOperations.addHandler(directions[0])
      try node.pipeline.syncOperations.addHandler(directions[1])
    } catch {
      // The client left, or was dropped, while the node was being called.
      node.close(promise: nil)
      throw error
    }
    client.closeFuture.and(node.closeFuture).map { _ in }.cascade(to: promise)
  }
}
