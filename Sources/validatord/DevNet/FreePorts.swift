import Foundation
import Substrate

/// Ports of 127.0.0.1 on which nobody listens.
enum FreePorts {
  /// Finds ports below those that the system gives to outgoing connections, so that none of them is taken by chance
  /// before a node listens on it.
  ///
  /// - Throws: ``CommandError`` `devnet.ports`.
  static func find(_ count: Int) throws -> [UInt16] {
    let ports = 10_000..<firstEphemeral()
    var found: Set<UInt16> = []
    for _ in 0..<count * 100 where found.count < count {
      if let port = ports.randomElement().map(UInt16.init), isFree(port) { found.insert(port) }
    }
    guard found.count == count else {
      throw CommandError(
        "devnet.ports", "there are no \(count) free ports on 127.0.0.1", remedy: "End what listens there.",
        status: .unavailable)
    }
    return found.sorted()
  }

  /// The lowest port of outgoing connections.
  private static func firstEphemeral() -> Int {
    let range = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
    let low = range?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
    return min(max(low, 12_000), 60_000)
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
