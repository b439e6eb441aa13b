import DevChain
import Foundation
import Logging
import Substrate
import Testing
import Validator

/// Validators as processes, with a hoster and its worker, on a simulated chain.
@Suite("The validator daemon", .serialized, .timeLimit(.minutes(5)))
struct ValidatorTests {
  @Test(
    "D-10 D-14 D-15 D-26 three validators reach consensus on loopback alone; one is killed with -9 on the way and does its duty all the same"
  )
  func consensus() async throws {
    try await ManualSubnet.with { subnet in
      try await HosterProcess.with(subnet) { hoster in
        try await ValidatorProcess.with(0, subnet, bootstrap: [hoster.address]) { first in
          let known = [hoster.address, first.address]
          try await ValidatorProcess.with(1, subnet, bootstrap: known) { second in
            var (scored, epoch): (UInt32, UInt32) = (0, 0)
            try await ValidatorProcess.with(2, subnet, bootstrap: known) { third in
              try await hoster.waits(for: "1 of 1 workers are ready", of: "workers")
              scored = try await subnet.advance(to: 5)
              try await hoster.waits(for: "epoch \(scored) kept", of: "duty")
              try await subnet.advance(to: 11)
              try await makeBlocks(subnet, 4) {
                [first, second, third].allSatisfy { $0.hasLogged("epoch \(scored) is scored") }
              }
              // Gone without a word, as if the machine had lost power.
              kill(third.program.processID, SIGKILL)
            }
            try await ValidatorProcess.with(2, subnet, bootstrap: known) { third in
              epoch = try await subnet.advance(to: 0)
              #expect(epoch == scored + 1)
              try await makeBlocks(subnet, 14) { try await subnet.submission(epoch)?.attestations.count == 3 }
              for validator in [first, second, third] {
                let sockets = try Sockets(of: validator.program.processID)
                #expect(sockets.areLocal && !sockets.ends.isEmpty, "\(sockets.ends)")
                try await makeBlocks(subnet, 2) { validator.hasLogged("a duty is done") }
                validator.program.terminate()
                #expect(try await validator.program.end() == 0, "\(validator.program.errors.suffix(2000))")
              }
            }
            let submission = try #require(try await subnet.submission(epoch))
            // The hoster answered, and nobody is where node 5 should be.
            let scores = Dictionary(uniqueKeysWithValues: submission.scores.map { ($0.subnetNodeID, $0.score) })
            #expect(scores == [1: .one, 2: .one, 3: .one, 4: .one, 5: 0])
            for index in 0..<3 { try await check(index, subnet, scored) }
          }
        }
      }
    }
  }

  @Test("S7 a chain that begins anew at the same address ends the daemon with 78 and the reason")
  func newChain() async throws {
    try await ManualSubnet.with { subnet in
      try await ValidatorProcess.with(0, subnet, bootstrap: []) { validator in
        let epoch = try await subnet.advance(to: 1)
        try await makeBlocks(subnet, 2) { validator.hasLogged("epoch \(epoch) is open") }
        let port = subnet.chain.port
        await subnet.chain.stop()
        var configuration = DevChainConfiguration()
        (configuration.port, configuration.blockTime) = (port, .every(.milliseconds(200)))
        let other = try await DevChainServer.start(configuration, logger: Logger(label: "test"))
        #expect(try await validator.program.end() == 78, "\(validator.program.errors.suffix(2000))")
        #expect(validator.hasLogged("wrong-chain"), "\(validator.program.errors.suffix(2000))")
        await other.stop()
      }
    }
  }

  @Test(
    "D-17 a newer program's database: the running daemon ends with 1 and the remedy, and is refused when started again")
  func newerDatabase() async throws {
    let python = try #require(ForeignNode.python)
    let migrate = """
      import sqlite3, sys
      database = sqlite3.connect(sys.argv[1])
      version = database.execute("PRAGMA user_version").fetchone()[0] + 1
      database.execute("CREATE TABLE future (x INTEGER) STRICT")
      database.execute("INSERT INTO schema_migrations VALUES (?, 'future', zeroblob(32), 0)", (version,))
      database.execute(f"PRAGMA user_version = {version}")
      database.commit()
      """
    func expectRefusal(_ status: Int32, _ errors: String) {
      #expect(status == 1 && errors.contains("store.newer") && errors.contains("Update validatord"), "\(errors)")
    }
    try await ManualSubnet.with { subnet in
      let database = ValidatorProcess.database(0, in: subnet)
      try await ValidatorProcess.with(0, subnet, bootstrap: []) { validator in
        let epoch = try await subnet.advance(to: 1)
        try await makeBlocks(subnet, 2) { validator.hasLogged("epoch \(epoch) is open") }
        let migration = try await Program.run(["-c", migrate, database], program: python)
        #expect(migration.status == 0, "\(migration.errors)")
        try await subnet.advance(to: 0)
        expectRefusal(try await validator.program.end(), validator.program.errors)
      }
      let dump = ["-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump())", database]
      let before = try await Program.run(dump, program: python).output
      let again = try await Program.run(["validator", "--config", ValidatorProcess.configuration(0, in: subnet)])
      expectRefusal(again.status, again.errors)
      #expect(again.output.isEmpty)
      #expect(before.contains("future"))
      #expect(try await Program.run(dump, program: python).output == before)
    }
  }

  /// Makes a block now and then, until something holds.
  private func makeBlocks(_ subnet: ManualSubnet, _ most: Int, until holds: () async throws -> Bool) async throws {
    for _ in 0...most {
      let end = ContinuousClock.now + .seconds(3)
      while ContinuousClock.now < end {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(50))
      }
      try await subnet.chain.makeBlocks()
    }
    Issue.record("nothing came of \(most) blocks")
  }

  private func check(_ index: Int, _ subnet: ManualSubnet, _ epoch: UInt32) async throws {
    let database = ValidatorProcess.database(index, in: subnet)
    let again = try await Program.run(["scores", "--database", database, "--epoch", "\(epoch)", "--recompute"])
    #expect(again.status == 0, "\(again.output) \(again.errors)")
    let store = try Store.openReadOnly(database)
    defer { try? store.close() }
    let observations = try await store.observations(epoch)
    #expect(observations.filter { $0.subnetNodeID == 4 }.map(\.verdict) == [.accepted])
    #expect(observations.filter { $0.subnetNodeID == 5 }.allSatisfy { $0.verdict == .absent })
    let duties = try await SubmissionJournal(store).duties(epoch: epoch + 1)
    #expect(duties.map(\.state.name) == ["finalized"])
  }
}
