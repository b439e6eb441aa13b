import Foundation
import Substrate
@_spi(Testing) import Validator

/// One process of the crash tests: does a duty against a database and a chain of one file, and kills itself where it is
/// told.
///
///     journal-process duty DATABASE CHAIN SCENARIO EPOCH [ARROW MOMENT]
///     journal-process race DATABASE STARTING-SHOT CONTENT
///     journal-process lock DATABASE
///     journal-process create DATABASE
///     journal-process challenge DATABASE EPOCH SILENT-PEER
@main
struct JournalProcess {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      switch arguments.first {
      case "duty" where arguments.count >= 5: try await duty(arguments)
      case "race" where arguments.count == 4: try await race(arguments)
      case "lock" where arguments.count == 2: try await lock(arguments[1])
      case "create" where arguments.count == 2: try Store.open(arguments[1]).close()
      case "challenge" where arguments.count == 4: try await ChallengeProcess.run(arguments)
      default: exit(64)
      }
    } catch let error as any ValidatorError {
      print(error.code)
      exit(1)
    } catch {
      print(error)
      exit(2)
    }
  }

  /// What the chain makes of the duty.
  enum Scenario: String {
    case finalized, reorganized, expired, replaced, refused, missed
  }

  static let identity = SubnetIdentity(genesisHash: block(0).hash, subnetID: 128_001)

  static func block(_ number: UInt64) -> BlockReference {
    let bytes = [UInt8](repeating: 7, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
    guard let hash = BlockHash(bytes) else { exit(3) }
    return BlockReference(number: number, hash: hash)
  }

  private static func duty(_ arguments: [String]) async throws {
    guard let scenario = Scenario(rawValue: arguments[3]), let epoch = UInt32(arguments[4]) else { exit(64) }
    let store = try Store.open(arguments[1])
    let end = arguments.count == 7 ? (arguments[5], arguments[6]) : nil
    let journal = SubmissionJournal(store) { arrow, moment in
      if let end, (arrow.rawValue, moment.rawValue) == end { kill(getpid(), SIGKILL) }
    }
    let key = DutyKey(identity, nodeID: 3, epoch: epoch, duty: .propose)
    let chain = ChainFile(path: arguments[2])
    var record = try await journal.plan(key, at: 100)
    while record.next != .nothing {
      switch record.next {
      case .decide:
        record =
          scenario == .missed
          ? try await journal.advance(key, .miss(.tooLate), at: 101)
          : try await journal.sign(key, content: .sha256([1]), at: 101) { try Self.extrinsic() }
      case .send:
        record = try await journal.advance(key, .send, at: 101)
        try chain.send(record)
      case .follow:
        try chain.send(record)
        let wasRetracted = try await journal.history(key).contains { $0.arrow == .retract }
        record = try await journal.advance(key, event(scenario, record.state, wasRetracted), at: 103)
      case .nothing: break
      }
    }
    print(record.state.name)
    try store.close()
  }

  private static func event(
    _ scenario: Scenario, _ state: DutyProgress.State, _ wasRetracted: Bool
  ) -> DutyProgress.Event {
    switch (scenario, state) {
    case (.expired, _): .expire
    case (.replaced, _): .replace
    case (.refused, .included): .refuse("Network.InvalidValidator")
    case (.reorganized, .included) where !wasRetracted: .retract
    case (_, .included(let block)): .finalize(block)
    default: .include(block(wasRetracted ? 102 : 101))
    }
  }

  /// A signature that is another one each time, so that two of them can't look like one.
  static func extrinsic() throws -> SignedExtrinsic {
    let key = try AccountKey(secret: [UInt8](repeating: 1, count: 32))
    let message = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    let bytes = try key.sign(message).bytes + message
    return SignedExtrinsic(
      bytes: bytes, hash: Blake2b.hash256(bytes), signer: key.accountID, nonce: 0, call: "Network.propose_attestation",
      expiresAt: 164)
  }

  private static func race(_ arguments: [String]) async throws {
    let store = try Store.open(arguments[1])
    let journal = SubmissionJournal(store)
    print("ready")
    fflush(nil)
    while !FileManager.default.fileExists(atPath: arguments[2]) { usleep(200) }
    let key = DutyKey(identity, nodeID: 3, epoch: 9, duty: .attest)
    _ = try await journal.plan(key, at: 1)
    let record = try await journal.sign(key, content: .sha256(Array(arguments[3].utf8)), at: 1) {
      print("signs")
      fflush(nil)
      return try Self.extrinsic()
    }
    print(Hex.encode(record.signature?.extrinsic.hash ?? []))
  }

  /// Holds the lock until standard input ends.
  private static func lock(_ path: String) async throws {
    let lock = try InstanceLock(database: path)
    print("locked")
    fflush(nil)
    while readLine() != nil {}
    lock.unlock()
  }
}

/// What was sent, one line of hex digits each time.
struct ChainFile {
  let path: String

  func send(_ record: DutyRecord) throws {
    guard let signature = record.signature else { exit(4) }
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard file >= 0 else { exit(5) }
    let line = Array((Hex.encode(signature.extrinsic.bytes) + "\n").utf8)
    guard write(file, line, line.count) == line.count else { exit(6) }
    close(file)
  }
}
