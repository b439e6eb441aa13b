import Foundation
import GRDB
import Protocols
import Substrate
import Testing
import Validator

@Suite("Scores and the database from the command line")
final class ScoresCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "validatord-\(UUID().uuidString)").path
  private var database: String { folder + "/validator.sqlite" }

  init() throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Three epochs with two honest hosters, a liar and a silent one; in the last the proposal is another.
  private func fill() async throws -> Store {
    let store = try Store.open(database)
    let hash = try #require(BlockHash([UInt8](repeating: 1, count: 32)))
    try await store.bind(to: SubnetIdentity(genesisHash: hash, subnetID: 128_001))
    // The scores of an epoch are proposed in the next.
    try await store.open(EpochRecord(epoch: 10, firstBlock: 200, length: 20), nodes: [])
    for epoch: UInt32 in (7...9).reversed() {
      try await store.open(
        EpochRecord(epoch: epoch, firstBlock: UInt64(epoch) * 20, length: 20),
        nodes: (1...5).map {
          EpochNode(
            subnetNodeID: $0, peerID: "12D3KooWPeer\($0)", hotkey: nil, nodeClass: .validator,
            standing: $0 == 5 ? .own : .hoster)
        })
      let (right, wrong) = (try answer(1), try answer(2))
      try await store.record(
        [(1, right), (2, right), (3, wrong)].map { observation(epoch, $0.0, answer: AnswerDigest($0.1)) } + [
          observation(epoch, 4, attempt: 1), observation(epoch, 4, attempt: 2),
        ])
      let evidence = try await OwnView(store).evidence(for: epoch)
      let policy = AgreementPolicy()
      let sheet = policy.score(evidence)
      try await store.record(sheet, by: policy, agreement: OwnView.name, evidence: evidence.digest, block: 1)
      try await store.record(
        SubmissionRecord(
          epoch: epoch + 1, proposer: 2, block: UInt64(epoch) * 20 + 21, usesQueueOptions: false, voters: 5,
          scores: sheet.scores.map {
            .init(subnetNodeID: $0.subnetNodeID, score: FixedU128(UInt128(epoch == 9 ? 1 : $0.score)))
          }, attestations: [2: UInt64(epoch) * 20 + 21]))
    }
    return store
  }

  private func answer(_ number: UInt8) throws -> Answer {
    try #require(Answer(.int64, shape: [1], bytes: [number, 0, 0, 0, 0, 0, 0, 0]))
  }

  private func observation(
    _ epoch: UInt32, _ node: UInt32, attempt: UInt8 = 1, answer: AnswerDigest? = nil
  ) -> Observation {
    Observation(
      epoch: epoch, subnetNodeID: node, probe: 0, attempt: attempt, peerID: "12D3KooWPeer\(node)",
      requestDigest: .sha256([1]), verdict: answer == nil ? .absent : .accepted,
      reason: answer == nil ? .deadline : .answered, detail: answer == nil ? "no message in 10 s, gave up" : nil,
      answer: answer, tokenCount: 1, total: 1_234, block: 1)
  }

  private func scores(_ arguments: String...) async throws -> Program.Result {
    try await Program.run(["scores", "--database", database] + arguments)
  }

  @Test("D-24 the newest epoch by default, beside the running daemon, as table, JSON and CSV")
  func formats() async throws {
    let store = try await fill()
    let table = try await scores()
    #expect(table.status == 0, "\(table.errors)")
    let lines = table.output.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(lines.count == 6)
    #expect(lines[1].prefix(5) == ["9", "1", "hoster", "100.00", "%"])
    #expect(lines[3].prefix(5) == ["9", "3", "hoster", "0.00", "%"])

    struct Line: Decodable {
      var epoch: UInt32
      var node: UInt32
      var score: String
      var hosterPart: String
      var validatorPart: String
      var submitted: String?
      var attestedAt: UInt64?
      var attempts: Int
      var peerId: String
    }
    let json = try await scores("--epoch", "7-8", "--format", "json")
    let decoded = try JSONDecoder().decode([Line].self, from: Data(json.output.utf8))
    #expect(decoded.map(\.epoch) == [8, 8, 8, 8, 8, 7, 7, 7, 7, 7])
    let full = "1000000000000000000"
    #expect(decoded.prefix(5).map(\.score) == [full, full, "0", "0", full])
    #expect(decoded.prefix(5).map(\.submitted) == decoded.prefix(5).map(\.score))
    #expect(decoded[4].validatorPart == full && decoded[4].hosterPart == "0")
    #expect(decoded.prefix(5).map(\.attestedAt) == [nil, 181, nil, nil, nil])
    #expect(decoded[3].attempts == 2 && decoded[3].peerId == "12D3KooWPeer4")

    let csv = try await scores("--node", "2", "--format", "csv")
    #expect(
      csv.output == """
        epoch,node,standing,score,hosterPart,hosterRaw,validatorPart,validatorRaw,accepted,judged,attempts,submitted,attestedAt,peerId
        9,2,hoster,\(full),\(full),\(full),0,0,1,1,1,1,201,12D3KooWPeer2
        8,2,hoster,\(full),\(full),\(full),0,0,1,1,1,\(full),181,12D3KooWPeer2
        7,2,hoster,\(full),\(full),\(full),0,0,1,1,1,\(full),161,12D3KooWPeer2

        """)
    let peer = try await scores("--peer", "12D3KooWPeer3", "--epoch", "7", "--format", "csv")
    #expect(peer.output.split(separator: "\n").count == 2 && peer.output.contains("7,3,hoster,0,"))
    try store.close()
  }

  @Test("D-24 --why has every call and verdict, --diff and --recompute end with 1 on a difference")
  func modes() async throws {
    let store = try await fill()
    let why = try await scores("--epoch", "9", "--why", "--format", "csv")
    let lines = why.output.split(separator: "\n").map(String.init)
    #expect(why.status == 0 && lines.count == 6)
    #expect(lines[3].hasPrefix("9,3,0,rejected,differs,0,1,accepted: answered,"))
    #expect(lines[5].hasPrefix("9,4,0,absent,deadline,0,2,absent: deadline,\"no message in 10 s, gave up\","))

    let same = try await scores("--epoch", "7-8", "--diff")
    #expect(same.status == 0 && !same.output.contains("differs"), "\(same.errors)")
    let other = try await scores("--epoch", "9", "--diff")
    #expect(other.status == 1 && other.errors.contains("[scores.differ]"))

    let again = try await scores("--epoch", "7-9", "--recompute")
    #expect(again.status == 0 && again.output.components(separatedBy: "identical").count == 4, "\(again.errors)")
    try store.close()
    try await forge()
    let forged = try await scores("--epoch", "7-9", "--recompute", "--format", "json")
    #expect(forged.status == 1 && forged.errors.contains("[scores.not-reproduced]"))
    #expect(forged.output.contains("\"differs\""))
  }

  @Test("D-24 --diff: a 0 for who joined since, and no word of who left, are what a right proposal has")
  func membership() async throws {
    let store = try await fill()
    func propose(_ scores: [(UInt32, UInt64)]) async throws {
      try await store.record(
        SubmissionRecord(
          epoch: 10, proposer: 2, block: 201, usesQueueOptions: false, voters: 5,
          scores: scores.map { .init(subnetNodeID: $0.0, score: FixedU128(UInt128($0.1))) }, attestations: [2: 201]))
    }
    let full: UInt64 = 1_000_000_000_000_000_000
    // Node 4 left, and node 6 joined.
    try await propose([(1, full), (2, full), (3, 0), (5, full), (6, 0)])
    let unknown = try await scores("--epoch", "9", "--diff")
    #expect(unknown.status == 1 && unknown.output.contains("missing") && unknown.output.contains("foreign"))
    try await store.open(
      EpochRecord(epoch: 10, firstBlock: 200, length: 20),
      nodes: [1, 2, 3, 5, 6].map {
        EpochNode(
          subnetNodeID: $0, peerID: "12D3KooWPeer\($0)", hotkey: nil, nodeClass: .validator, standing: .hoster)
      })
    let right = try await scores("--epoch", "9", "--diff", "--format", "csv")
    #expect(right.status == 0, "\(right.errors)")
    #expect(right.output.contains("9,4,0,,left,") && right.output.contains("9,6,,0,newcomer,"), "\(right.output)")
    // Something for a newcomer, nothing said of who stayed, a node that never was: none of that is right.
    for wrong in [
      [(1, full), (2, full), (3, 0), (5, full), (6, 1)], [(1, full), (3, 0), (5, full), (6, 0)],
      [(1, full), (2, full), (3, 0), (5, full), (6, 0), (7, 0)],
    ] as [[(UInt32, UInt64)]] {
      try await propose(wrong)
      #expect(try await scores("--epoch", "9", "--diff").status == 1, "\(wrong)")
    }
    try store.close()
  }

  /// Gives the liar a score that its answers don't earn.
  private func forge() async throws {
    let queue = try DatabaseQueue(path: database)
    try await queue.write { database in
      try database.execute(
        sql: "UPDATE scores SET score = 5, hoster_part = 5, hoster_raw = 5 WHERE epoch = 8 AND subnet_node_id = 3")
    }
    try queue.close()
  }

  @Test("D-24 nothing that matches, no database, wrong usage: each with its code")
  func nothing() async throws {
    let missing = try await scores()
    #expect(missing.status == 1 && missing.errors.contains("[store.missing]"))
    let store = try await fill()
    for arguments in [["--epoch", "1000"], ["--node", "77"], ["--peer", "nobody"]] {
      let result = try await Program.run(["scores", "--database", database] + arguments)
      #expect(result.status == 1 && result.errors.contains("[scores.none]"), "\(arguments)")
    }
    for arguments in [
      ["--epoch", "9-7"], ["--epoch", "x"], ["--limit", "0"], ["--why", "--diff"], ["--format", "xml"],
      ["--node", "-1"],
    ] {
      let result = try await Program.run(["scores", "--database", database] + arguments)
      #expect(result.status == 64, "\(arguments)")
    }
    try store.close()
  }

  @Test("db backup, check, restore, prune, migrate and protection work together")
  func database() async throws {
    let store = try await fill()
    func run(_ arguments: String..., command: String = "db") async throws -> Program.Result {
      try await Program.run([command, arguments[0], "--database", database] + arguments.dropFirst())
    }
    let backup = folder + "/backup.sqlite"
    let made = try await run("backup", backup)
    #expect(made.status == 0, "\(made.errors)")
    #expect(try await run("backup", backup).errors.contains("[store.exists]"))
    let check = try await run("check", "--format", "json")
    #expect(check.status == 0 && check.output.contains("\"sound\": true"), "\(check.errors)")
    let status = try await run("migrate", "--status")
    #expect(status.status == 0 && status.output.contains("evidence") && !status.output.contains("pending"))
    try store.close()

    let pruned = try await run("prune", "--evidence", "1", "--summaries", "1")
    #expect(pruned.status == 0 && pruned.output.contains("epochs removed"), "\(pruned.errors)")
    #expect(try await scores("--epoch", "7").status == 1)
    let restored = try await run("restore", "--from", backup)
    #expect(restored.status == 0 && restored.output.contains("on hold"), "\(restored.errors)")
    #expect(try await scores("--epoch", "7").status == 0)
    let held = try await run("show", command: "protection")
    #expect(held.output.contains("on hold (restored)"), "\(held.errors)")

    let file = folder + "/protection.json"
    let hash = "0x" + String(repeating: "01", count: 32)
    let text =
      #"{"format":"validatord-protection","version":1,"bounds":[{"genesisHash":"\#(hash)","subnetId":128001,"nodeId":5,"duty":"attest","epoch":41}]}"#
    try Data(text.utf8).write(to: URL(filePath: file))
    #expect(try await run("import", file, command: "protection").status == 0)
    let exported = try await run("export", command: "protection")
    #expect(exported.output.contains("\"epoch\": 41"))
    try Data("{}".utf8).write(to: URL(filePath: file))
    let refused = try await run("import", file, command: "protection")
    #expect(refused.status == 1 && refused.errors.contains("[protection.interchange]"))
    #expect(try await run("release", command: "protection").status == 64)

    let lock = try InstanceLock(database: database)
    let busy = try await run("prune")
    #expect(busy.status == 75 && busy.errors.contains("[store.locked]"))
    lock.unlock()
  }

  @Test("A damaged database with the largest numbers that there are is explained, not crashed on")
  func largestNumbers() async throws {
    try await fill().close()
    let queue = try DatabaseQueue(path: database)
    try await queue.write { database in
      try database.execute(
        sql: "UPDATE epochs SET first_block = 9223372036854775807, epoch_length = 9223372036854775807 WHERE epoch = 9")
    }
    try queue.close()
    let explained = try await Program.run(["explain", "--database", database, "--epoch", "9"])
    #expect(explained.status == 0 && explained.output.contains("epoch 9"), "\(explained.errors)")
  }
}
