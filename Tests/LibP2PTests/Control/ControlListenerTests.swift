import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import LibP2P

@Suite("The control socket's file", .serialized)
struct ControlListenerTests {
  private func open(_ path: String, group: UInt32? = nil) async throws -> ControlListener {
    var configuration = ControlConfiguration(path: path)
    configuration.access.group = group
    return try await ControlListener.open(configuration, on: MultiThreadedEventLoopGroup.singleton) { _ in }
  }

  private func kind(_ body: () async throws -> ControlListener) async throws -> ControlError.Code? {
    do {
      await (try await body()).close()
      return nil
    } catch let error as ControlError {
      return error.kind
    }
  }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test("threats S15: the socket is 0600, or 0660 for a group, and gone at the end")
  func modes() async throws {
    try await TemporaryFolder.with { folder in
      let path = "\(folder)/a.sock"
      let own = try await open(path)
      #expect(try mode(path) == 0o600)
      await own.close()
      #expect(!FileManager.default.fileExists(atPath: path))
      let shared = try await open(path, group: getegid())
      #expect(try mode(path) == 0o660)
      await shared.close()
    }
  }

  @Test("A socket that nobody listens on any more is replaced; one that is in use is not")
  func stale() async throws {
    try await TemporaryFolder.with { folder in
      let path = "\(folder)/a.sock"
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let isBound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(isBound == 0)
      close(descriptor)
      let first = try await open(path)
      #expect(try await kind { try await open(path) } == .inUse)
      #expect(try mode(path) == 0o600)
      await first.close()
      #expect(try await kind { try await open(path) } == nil)
    }
  }

  @Test("threats S14: files and links are left alone, folders open to all and bad paths refused")
  func refusals() async throws {
    try await TemporaryFolder.with { folder in
      let file = "\(folder)/file"
      try Data("precious".utf8).write(to: URL(filePath: file))
      #expect(try await kind { try await open(file) } == .listen)
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
      let link = "\(folder)/link.sock"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
      #expect(try await kind { try await open(link) } == .listen)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)

      let shared = "\(folder)/open"
      try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
      #expect(try await kind { try await open("\(shared)/a.sock") } == .listen)
      #expect(try await kind { try await open("relative.sock") } == .listen)
      #expect(try await kind { try await open("\(folder)/none/a.sock") } == .listen)
      #expect(try await kind { try await open("\(folder)/\(String(repeating: "n", count: 108))") } == .listen)
    }
  }

  @Test("A socket that somebody else put in this one's place is not taken away at the end")
  func replaced() async throws {
    try await TemporaryFolder.with { folder in
      let path = "\(folder)/a.sock"
      let first = try await open(path)
      try FileManager.default.removeItem(atPath: path)
      let second = try await open(path)
      await first.close()
      #expect(FileManager.default.fileExists(atPath: path))
      await second.close()
    }
  }

  @Test("threats S15: users who are not let in are known by the kernel's word")
  func credentials() async throws {
    try await TestHosts.with(1) { hosts in
      var configuration = ControlConfiguration(path: "/nowhere/a.sock")
      configuration.access.users = [4711]
      let node = ControlNode(host: hosts[0], routing: nil, gate: ClosedControlGate(), configuration: configuration)
      let own = PeerCredentials.ownUser
      #expect(node.admits(PeerCredentials(pid: 1, uid: own, gid: 0)))
      #expect(node.admits(PeerCredentials(pid: 1, uid: 0, gid: 0)))
      #expect(node.admits(PeerCredentials(pid: 1, uid: 4711, gid: 0)))
      #expect(!node.admits(PeerCredentials(pid: 1, uid: own + 4712, gid: 0)))
    }
  }

  @Test("A process that runs is not taken for one that ends, and one that ended is")
  func exiting() throws {
    #expect(!PeerCredentials(pid: getpid(), uid: 0, gid: 0).isExiting)
    #expect(!PeerCredentials(pid: 0, uid: 0, gid: 0).isExiting, "a process that is not known is not judged")
    let child = Process()
    child.executableURL = URL(filePath: "/bin/true")
    try child.run()
    let pid = child.processIdentifier
    child.waitUntilExit()
    #expect(PeerCredentials(pid: pid, uid: 0, gid: 0).isExiting)
  }
}
