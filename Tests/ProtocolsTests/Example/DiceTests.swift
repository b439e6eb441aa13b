import Foundation
import LibP2P
import Protocols
import Testing

/// The example of docs/protocols.md.
@Suite("The example subnet", .timeLimit(.minutes(1)))
struct DiceTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  @Test("Two nodes throw dice for each other")
  func rolling() async throws {
    let (first, second) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
    let stakes = TableStakes(staked: [first.peerID, second.peerID])
    let network = InProcessNetwork()

    let alice = try DiceNode(network.join(as: first.peerID), identity: first, stakes: stakes)
    _ = try DiceNode(network.join(as: second.peerID), identity: second, stakes: stakes)

    let values = try await alice.ask(second.peerID)
    #expect(values.count == 4)
    #expect((1...6).contains(values[0]) && values.dropFirst().allSatisfy { (1...20).contains($0) })
    let dice = Dice.getServerStub(alice.p2p, second.peerID, gate: alice.gate)
    let error = await #expect(throws: CallError.self) { try await dice.rpcRoll(RollRequest()) }
    #expect(error?.remoteText == "ValueError('a die has sides')")
    #expect(await dice.callRoll(sides: 0) == nil)
    #expect(await dice.callRoll(sides: 1) == 1)
  }

  @Test("D-6 without stake nobody throws")
  func unstaked() async throws {
    let (first, second) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
    let network = InProcessNetwork()
    let alice = try DiceNode(network.join(as: first.peerID), identity: first, stakes: TableStakes())
    _ = try DiceNode(
      network.join(as: second.peerID), identity: second, stakes: TableStakes(staked: [first.peerID]))
    await #expect(throws: Refusal.self) { try await alice.ask(second.peerID) }
  }

  @Test("P-30 every procedure has its caller function")
  func callers() throws {
    let source = try String(contentsOf: Self.folder.appending(path: "Dice.swift"), encoding: .utf8)
    for handler in Dice().handlers {
      let words = handler.method.split(separator: "_").dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
      #expect(source.contains("func call\(words.joined())("), "\(handler.method)")
    }
  }

  @Test(
    "The code that the documentation shows is the example's, and what protoc gets is all of it",
    arguments: [("docs/protocols.md", 6), ("Sources/Protocols/Protocols.docc/Protocols.md", 2)])
  func documentation(page path: String, count: Int) throws {
    let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: path), encoding: .utf8)
    let sources = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
      .map { try String(contentsOf: $0, encoding: .utf8) }
    func blocks(_ language: String) -> [String] {
      page.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }
    for block in blocks("swift") { #expect(sources.contains { $0.contains(block) }, "\(block)") }
    let whole = blocks("proto") + blocks("textproto")
    for block in whole { #expect(sources.contains(block), "\(block)") }
    #expect(blocks("swift").count + whole.count == count)
  }
}
