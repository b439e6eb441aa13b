import Foundation
import LibP2P
import NIOCore

/// What many of a kind leave behind or cost, in KiB of this process.
enum Load {
  static func streams(_ count: Int, _ address: Multiaddr) async throws -> [String: Double] {
    let host = try LibP2PPeers.host()
    let connection = try await host.connect(at: address)
    func run(_ count: Int) async throws {
      for _ in 0..<count {
        let stream = try await connection.openStream([EchoProtocol.id], assumed: true)
        _ = try await EchoProtocol.call(stream, ByteBuffer(bytes: [1]))
        stream.close()
      }
    }
    try await run(count / 10)
    let before = residentKiB()
    let time = try await seconds { try await run(count) }
    let grown = residentKiB() - before
    await host.shutdown()
    return ["short streams, each": time / Double(count), "short streams, KiB grown": grown]
  }

  /// Both ends are here, so an end costs half of what the process grows by.
  static func idle(_ count: Int) async throws -> [String: Double] {
    let listener = try LibP2PPeers.host(listening: true)
    try await listener.start()
    guard let address = listener.listenAddresses.first else { throw LibP2PPeers.Failure("nowhere to listen") }
    var hosts: [P2PHost] = []
    func connect(_ count: Int) async throws {
      for _ in 0..<count {
        let host = try LibP2PPeers.host()
        _ = try await host.connect(at: address)
        hosts.append(host)
      }
    }
    try await connect(count / 10)
    let before = residentKiB()
    try await connect(count)
    // The first keepalives come and go.
    try await Task.sleep(for: .seconds(2))
    let grown = residentKiB() - before
    withExtendedLifetime(hosts) {}
    return ["idle connection, KiB an end": grown / Double(count) / 2]
  }

  /// Identify messages with signed records, each of another peer, as a flood of strangers sends them.
  static func records(_ count: Int) throws -> [String: Double] {
    var book = AddressBook()
    let remote = try Multiaddr("/ip4/192.0.2.1/tcp/1")
    func take(_ number: Int) throws {
      let key = try PrivateKey.generate(.ed25519)
      let record = try SignedPeerRecord(
        envelope: Envelope.bytes(of: key, address: Multiaddr("/ip4/198.51.100.7/tcp/\(number % 65_536)")),
        expecting: key.peerID)
      book.take(record, across: remote, now: .now())
    }
    for number in 0..<count / 10 { try take(number) }
    let before = residentKiB()
    for number in 0..<count { try take(number) }
    guard book.count <= AddressBook.maximumPeers else { throw LibP2PPeers.Failure("the address book grew") }
    return ["signed records, KiB grown": residentKiB() - before]
  }

  private static func residentKiB() -> Double {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    let pages = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
    return Double(pages * Int(sysconf(Int32(_SC_PAGESIZE)))) / 1024
  }
}
