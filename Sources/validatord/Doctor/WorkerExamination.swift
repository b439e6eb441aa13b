import Foundation
import Hoster
import LibP2P
import Logging
import Substrate

/// Whether what computes for a hoster begins its work, and fits the subnet.
struct WorkerExamination: Sendable {
  private let hoster: HosterSettings
  private let epoch: EpochSettings

  init(_ hoster: HosterSettings, epoch: EpochSettings) {
    self.hoster = hoster
    self.epoch = epoch
  }

  func findings() async -> [Finding] {
    do {
      switch try HosterComputation(hoster, epoch: epoch) {
      case .workers(let command, _): return await start(command)
      case .server(let server): return await ask(server)
      }
    } catch {
      return [Finding("worker", failed: error)]
    }
  }

  /// Starts a worker as the daemon does, at a control socket of its own, until it says that it is ready.
  private func start(_ command: WorkerCommand) async -> [Finding] {
    let words = WorkerWords()
    let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString.prefix(8))").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      var configuration = HostConfiguration(identity: try PrivateKey.generate(.ed25519))
      configuration.logger.logLevel = .critical
      let host = try P2PHost(configuration)
      var control = ControlConfiguration(path: "\(folder)/control.sock")
      control.logger.logLevel = .critical
      let socket = ControlSocket(host: host, routing: nil, gate: InsecureControlGate(), configuration: control)
      try await host.start()
      try await socket.start()
      let pool = WorkerPool(command, control: "/unix\(folder)/control.sock", logger: words.logger)
      await pool.runInBackground()
      let result: Result<Void, any Error>
      do {
        try await pool.awaitReady(timeout: hoster.startTimeout)
        result = .success(())
      } catch {
        result = .failure(error)
      }
      let model = pool.status.first?.model
      await pool.shutdown()
      await socket.shutdown()
      await host.shutdown()
      try result.get()
      return [judge(model)]
    } catch let error as any HosterError {
      return [Finding("worker", .failure, error.message + words.quoted, remedy: error.remedy)]
    } catch {
      return [Finding("worker", failed: error)]
    }
  }

  private func ask(_ server: CompletionsBackend) async -> [Finding] {
    let finding: Finding
    do {
      let model = try await server.describe()
      finding = Finding("completions", .ok, "the model server serves \(model.name)")
    } catch let error as any HosterError {
      finding = Finding("completions", .failure, error.message, remedy: error.remedy)
    } catch {
      finding = Finding("completions", failed: error)
    }
    try? await server.shutdown()
    return [finding]
  }

  private func judge(_ model: ModelDescription?) -> Finding {
    guard let model else {
      return Finding(
        "worker", .warning, "it is ready, and does not say how many token ids its model has",
        remedy: "See docs/workers.md: with vocabulary and context the node refuses what the model can't take.")
    }
    let text = "\(model.name), \(model.vocabularySize) token ids, context \(model.contextLength)"
    guard model.vocabularySize == Int(epoch.vocabulary) else {
      return Finding(
        "worker", .failure, "\(text); epoch.vocabulary is \(epoch.vocabulary)",
        remedy: "All nodes of the subnet have to draw the consensus tensor alike: mend epoch.vocabulary or the model.")
    }
    guard model.contextLength >= epoch.promptLength + Int(epoch.maximumNewTokens) else {
      return Finding(
        "worker", .failure,
        "\(text); the consensus tensor and its answer have "
          + "\(epoch.promptLength + Int(epoch.maximumNewTokens)) tokens", remedy: "Serve a model with a longer context."
      )
    }
    return Finding("worker", .ok, text)
  }
}
