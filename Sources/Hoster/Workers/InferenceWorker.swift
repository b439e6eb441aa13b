import Foundation
import LibP2P
public import Logging
import Protocols
import Synchronization

/// The process that computes for a node: loads a model, registers its handler at the node's control socket, and
/// answers until the node says that it is enough.
public enum InferenceWorker {
  /// Runs this process as a worker, to its end.
  ///
  /// - Parameter load: makes what computes.
  /// - Throws: ``WorkerError`` `worker.uninvited`, what `load` throws, ``ControlError`` when the node can't be
  ///   reached. All but the first are told to the node as well.
  public static func run(
    logger: Logger = Logger(label: "worker"), _ load: @escaping @Sendable () async throws -> any InferenceBackend
  ) async throws {
    let invitation = try WorkerInvitation(environment: ProcessInfo.processInfo.environment)
    let pipe = WorkerPipe()
    let isServing = Mutex(false)
    // A model that is still being loaded can't be interrupted, and need not be.
    let stop = Task {
      await pipe.waitForStop()
      logger.debug("the worker stops")
      if isServing.withLock({ !$0 }) { Foundation.exit(0) }
    }
    do {
      let client = try await ControlClient.connect(to: try Multiaddr(invitation.control))
      let node = WorkerNode(client)
      logger.info("connected with the node", metadata: ["peer": "\(node.peerID)"])
      let (backend, server) = try await start(load, logger)
      let servicer = InferenceService(server, settings: .ofWorker).servicer(as: InferenceProtocol.self)
      // What the node sends was judged by the node.
      try servicer.addP2PHandlers(to: node, gate: .insecure(), namespace: invitation.namespace)
      try await node.register()
      isServing.withLock { $0 = true }
      pipe.reportReady(try await backend.describe())
      try await wait(for: stop, client)
      do {
        try await node.withdraw()
      } catch {
        // The node takes the handlers off when this process has ended.
        logger.warning("the handlers could not be taken off: \(error)")
      }
      await server.stop()
      client.close()
    } catch {
      logger.debug("the worker failed: \(error)")
      pipe.reportFailure(error)
      throw error
    }
  }

  private static func start(
    _ load: () async throws -> any InferenceBackend, _ logger: Logger
  ) async throws -> (any InferenceBackend, AsyncInferenceServer) {
    let backend = try await load()
    logger.info("the model is loaded")
    let server = AsyncInferenceServer(backend, limits: .ofWorker, logger: logger)
    logger.info("the inference server is made and takes requests")
    return (backend, server)
  }

  /// Waits until the node wants the worker to stop.
  ///
  /// - Throws: ``ControlError`` when the node has closed the connection without that.
  private static func wait(for stop: Task<Void, Never>, _ client: ControlClient) async throws {
    let (ends, end) = AsyncStream.makeStream(of: ControlError?.self)
    Task {
      await stop.value
      end.yield(nil)
    }
    Task {
      let error = await client.ended()
      // A node that stops closes its socket and then the pipe; that is no failure.
      try? await Task.sleep(for: .seconds(1))
      end.yield(error)
    }
    for await error in ends {
      if let error { throw error }
      return
    }
  }
}

extension InferenceLimits {
  /// A worker takes what its node gives it: the node keeps the queue.
  static var ofWorker: InferenceLimits {
    var limits = InferenceLimits()
    (limits.running, limits.runningPerPeer) = (1024, 1024)
    (limits.runningTokens, limits.runningTokensPerPeer) = (.max, .max)
    (limits.waiting, limits.waitingPerPeer) = (1024, 1024)
    return limits
  }
}

extension InferenceSettings {
  /// The node has its own maximum, and tells callers what it is.
  static var ofWorker: InferenceSettings {
    var settings = InferenceSettings()
    settings.maximumNewTokens = .max
    (settings.calls.concurrentCalls, settings.calls.concurrentCallsPerPeer) = (1024, 1024)
    return settings
  }
}
