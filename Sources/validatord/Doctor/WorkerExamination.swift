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
    switch hoster.source {
    case .model(let folder):
      var command = WorkerCommand(program: "/proc/self/exe", arguments: ["worker", "run", "--model", folder])
      (command.threads, command.limits) = (hoster.threads, hoster.limits)
      return await start(command)
    case .program(let words):
      var command = WorkerCommand(program: words.first ?? "", arguments: Array(words.dropFirst()))
      (command.threads, command.limits) = (hoster.threads, hoster.limits)
      command.inheritedVariables = hoster.environment
      return await start(command)
    case .completions(let url, let model, let keyFile, let context):
      return await ask(url, model: model, keyFile: keyFile, context: context)
    }
  }

  /// Starts a worker as the daemon does, at a control socket of its own, until it says that it is ready.
  private func start(_ command: WorkerCommand) async -> [Finding] {
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
      var logger = Logger(label: "doctor")
      logger.logLevel = .critical
      let pool = WorkerPool(command, control: "/unix\(folder)/control.sock", logger: logger)
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
      return [Finding("worker", .failure, error.message, remedy: error.remedy)]
    } catch {
      return [Finding("worker", failed: error)]
    }
  }

  private func ask(_ url: URL, model: String, keyFile: String?, context: Int) async -> [Finding] {
    var server = CompletionsBackend.Configuration(
      url: url, model: model, vocabularySize: Int(epoch.vocabulary), contextLength: context)
    do {
      server.apiKey = try keyFile.map(SecretFile.read)
    } catch {
      return [Finding("completions", failed: error)]
    }
    let backend = CompletionsBackend(server)
    let finding: Finding
    do {
      let description = try await backend.describe()
      finding = Finding("completions", .ok, "\(url) serves \(description.name)")
    } catch let error as any HosterError {
      finding = Finding("completions", .failure, error.message, remedy: error.remedy)
    } catch {
      finding = Finding("completions", failed: error)
    }
    try? await backend.shutdown()
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
