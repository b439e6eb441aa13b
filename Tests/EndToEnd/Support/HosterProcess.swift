import Foundation
import FoundationNetworking
import Testing

/// `validatord hoster` as a process, configured by a file.
final class HosterProcess: Sendable {
  let program: RunningProgram
  /// Where peers reach it.
  let address: String
  private let operations: String

  /// The database, once it was started.
  static func database(in subnet: ManualSubnet) -> String { "\(subnet.folder.path)/data/node.sqlite" }

  /// Runs `body` beside a hoster that is ready, and ends it whatever happens.
  ///
  /// - Parameter settings: of the section `hoster`, as YAML; nil for workers with the built-in model.
  static func with(
    _ subnet: ManualSubnet, workers: Int = 1, settings: String? = nil, _ body: (HosterProcess) async throws -> Void
  ) async throws {
    let file = try await configure(subnet, workers: workers, settings: settings)
    try await RunningProgram.with(["hoster", "--config", file]) { program in
      try await body(HosterProcess(program))
    }
  }

  /// Makes the model and the configuration.
  ///
  /// - Returns: the configuration's file.
  static func configure(
    _ subnet: ManualSubnet, workers: Int = 1, settings: String? = nil
  ) async throws -> String {
    let model = "\(subnet.folder.path)/model"
    if settings == nil, !FileManager.default.fileExists(atPath: model) {
      let made = try await Program.run([
        "model", "init", "--seed", "7", "--layers", "4", "--width", "64", "--heads", "2", "--context", "1024",
        "--vocabulary", "\(ManualSubnet.vocabulary)", "--out", model,
      ])
      try #require(made.status == 0, "\(made.errors)")
    }
    let file = "\(subnet.folder.path)/hoster.yaml"
    let yaml = """
      chain: {rpc: ["\(subnet.chain.webSocketURL)"], subnet: \(ManualSubnet.subnetID)}
      node: {peer-key: "\(subnet.hoster.file)", data: data}
      p2p: {listen: [/ip4/127.0.0.1/tcp/0]}
      operations: {listen: "127.0.0.1:0"}
      epoch: {vocabulary: \(ManualSubnet.vocabulary)}
      hoster: \(settings ?? "{model: model, workers: \(workers), max-new-tokens: 512}")
      """
    try Data(yaml.utf8).write(to: URL(filePath: file))
    return file
  }

  init(_ program: RunningProgram) async throws {
    struct Line: Decodable {
      var event: String
      var role: String
      var operations: String
    }
    self.program = program
    address = try await program.address()
    let line = try #require(program.output.split(separator: "\n").first)
    let ready = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    try #require(ready.event == "ready" && ready.role == "hoster")
    operations = ready.operations
  }

  // MARK: Operations

  /// What an operator reads under a path, and the status.
  func get(_ path: String) async throws -> (status: Int, text: String) {
    let url = try #require(URL(string: operations + path))
    let (data, response) = try await URLSession.shared.data(from: url)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
  }

  /// What a part says of itself.
  func part(_ name: String) async throws -> String {
    struct Health: Decodable {
      struct Part: Decodable { var detail: String }
      var parts: [String: Part]
    }
    let text = try await get("/healthz").text
    return try JSONDecoder().decode(Health.self, from: Data(text.utf8)).parts[name]?.detail ?? ""
  }

  /// Waits until a part says something.
  func waits(for text: String, of part: String) async throws {
    let end = ContinuousClock.now + RunningProgram.patience
    var says = try await self.part(part)
    while !says.contains(text) {
      try #require(ContinuousClock.now < end, "\(part) says \(says): \(program.errors.suffix(2000))")
      try await Task.sleep(for: .milliseconds(20))
      says = try await self.part(part)
    }
  }

  /// The value of a metric's series; nil while there is none.
  func metric(_ series: String) async throws -> Double? {
    try await get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
      .flatMap { Double($0.dropFirst(series.count + 1)) }
  }

  // MARK: Processes

  /// All processes that it has started, and those that they have.
  var descendants: [Int32] {
    let parents = ProcessList.parents
    var found: Set<Int32> = [program.processID]
    var count = 0
    while found.count != count {
      count = found.count
      for (child, parent) in parents where found.contains(parent) { found.insert(child) }
    }
    return found.subtracting([program.processID]).sorted()
  }

  /// The processes that compute.
  var workers: [Int32] {
    descendants.filter { ProcessList.command(of: $0).dropFirst().prefix(2) == ["worker", "run"] }
  }
}

/// The machine's processes.
enum ProcessList {
  static func parent(of id: Int32) -> Int32? { parents.first { $0.child == id }?.parent }

  /// What a process's descriptors are, by number: a path, or `socket:[…]` and its kind.
  static func descriptors(of id: Int32) -> [String: String] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? []
    return Dictionary(
      numbers.compactMap { number in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\(number)")).map { (number, $0) }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Each process and its parent.
  static var parents: [(child: Int32, parent: Int32)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int32.init).compactMap { id in
      guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")"),
        let parent = text[end...].split(separator: " ").dropFirst(2).first.flatMap({ Int32($0) })
      else { return nil }
      return (id, parent)
    }
  }

  /// A process's program and arguments; empty when it has ended.
  static func command(of id: Int32) -> [String] {
    guard let text = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8) else { return [] }
    return text.split(separator: "\0").map(String.init)
  }

  /// Waits until none of them is left, no longer than `patience`.
  static func end(of ids: [Int32], within patience: Duration) async throws {
    let start = ContinuousClock.now
    while !ids.filter({ !command(of: $0).isEmpty }).isEmpty {
      try #require(ContinuousClock.now - start < patience, "\(ids) are left")
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
