import Protocols

/// Has workers compute: a request becomes a call of `rpc_inference_stream` on one of them, over the control socket.
///
/// Workers get requests without signatures, and their answers bear none: the node judges peers and signs for them, so
/// that its key and the memory of what was asked stay with it. What workers send is judged like what peers send. They
/// see who asks as the remote peer, and what comes first as the node's own, so that they can share out their turns.
public final class WorkerBackend: InferenceBackend {
  private let pool: WorkerPool
  private let workers: WorkerLink

  /// - Parameters:
  ///   - workers: reaches the handlers that workers have registered.
  public init(_ pool: WorkerPool, reachedBy workers: WorkerLink) {
    self.pool = pool
    self.workers = workers
  }

  public var knownModel: ModelDescription? { pool.status.lazy.compactMap(\.model).first }

  public func describe() async throws -> ModelDescription {
    guard let knownModel else { throw Self.noWorker }
    return knownModel
  }

  public func tokens(for request: InferenceRequest) async throws -> TokenStream {
    guard let lease = pool.lease() else { throw Self.noWorker }
    if let model = lease.model { try request.check(against: model) }
    let tensor = try Tensor(tokenIDs: request.prompt)
    let stub = InferenceProtocol.getServerStub(
      workers.calling(for: request.asker), workers.peerID, gate: .insecure(), namespace: lease.namespace,
      configuration: .toWorkers)
    let (stream, tokens) = TokenStream.makeStream()
    let progress = WorkerProgress(lease)
    let work = Task {
      await withTaskGroup { group in
        group.addTask {
          do {
            let answer = try await stub.inferenceStream(
              tensor: tensor, maximumNewTokens: Int32(clamping: request.maximumNewTokens))
            var count = 0
            for try await tensor in answer {
              tokens.yield(try Self.token(tensor, lease.model))
              progress.noteToken()
              count += 1
              if count == request.maximumNewTokens { break }
            }
            tokens.finish()
          } catch {
            tokens.finish(throwing: Self.told(error))
          }
        }
        group.addTask {
          await progress.stall()
          guard !Task.isCancelled else { return }
          tokens.finish(throwing: InferenceError(.stalled, "the worker brought no token for \(lease.stallTimeout)"))
          lease.noteStall()
        }
        // The answer's end ends the watch over it, and a stall the answer.
        await group.next()
        group.cancelAll()
      }
    }
    tokens.onTermination = { _ in work.cancel() }
    return stream
  }

  private static let noWorker = InferenceError(.noWorker, "no worker is ready")

  /// A worker's token, judged.
  private static func token(_ tensor: Tensor, _ model: ModelDescription?) throws(InferenceError) -> Int32 {
    guard let tokens = try? tensor.tokenIDs(), tokens.count == 1, let token = tokens.first, token >= 0,
      model.map({ Int(token) < $0.vocabularySize }) ?? true
    else {
      throw InferenceError(.worker, "the worker sent \(tensor.count) elements of \(tensor.type.rawValue) for a token")
    }
    return token
  }

  /// What callers of the backend learn of a call to a worker that failed.
  private static func told(_ error: any Error) -> any Error {
    switch error {
    case is InferenceError, is CancellationError: error
    case let error as CallError where error.kind == .remote:
      InferenceError(.worker, "the worker failed: \((error.remoteText ?? "").quoted(limit: 256))")
    default: InferenceError(.worker, "the worker broke off: \(error)")
    }
  }
}

extension RPCConfiguration {
  /// Calls to this node's own workers.
  fileprivate static let toWorkers: RPCConfiguration = {
    var configuration = RPCConfiguration()
    // One token.
    configuration.limits.maximumMessageLength = 64 << 10
    return configuration
  }()
}
