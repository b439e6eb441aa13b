import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Who is at the other end of a UNIX socket, as the kernel took it down when the two connected.
struct PeerCredentials: Hashable, Sendable {
  // The layout of Linux's `struct ucred`, which is read into a value of this type.
  /// The process; 0 if it is of another namespace.
  var pid: Int32
  /// Its user.
  var uid: UInt32
  /// Its group.
  var gid: UInt32

  /// The user that this process acts as.
  static let ownUser = UInt32(geteuid())

  /// - Throws: ``ControlError`` `control.not-permitted` when the kernel doesn't say.
  static func of(_ channel: any Channel) async throws -> PeerCredentials {
    #if os(Linux)
      guard let options = channel as? any SocketOptionProvider else {
        throw ControlError(.notPermitted, "the connection is not a socket")
      }
      do {
        return try await options.unsafeGetSocketOption(
          level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        ).get()
      } catch {
        throw ControlError(.notPermitted, "the kernel does not say who is at the other end: \(error)")
      }
    #else
      throw ControlError(.notPermitted, "this system does not say who is at the other end")
    #endif
  }

  /// Whether the process is ending or gone. A socket that its process closed and one that the kernel closed because
  /// the process died look alike; this tells them apart, since the kernel marks a process before it closes its files.
  var isExiting: Bool {
    guard pid > 0 else { return false }
    // Behind the name, which may hold anything, come state, five numbers and the flags (proc(5)).
    guard let file = fopen("/proc/\(pid)/stat", "r") else { return errno == ENOENT }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = fread(&bytes, 1, bytes.count, file)
    guard count > 0, let name = bytes.prefix(count).lastIndex(of: UInt8(ascii: ")")) else { return count == 0 }
    let fields = bytes[name..<count].dropFirst(2).split(separator: UInt8(ascii: " "))
    guard fields.count > 6, let state = fields.first?.first else { return false }
    let flags = UInt64(String(decoding: fields[6], as: UTF8.self)) ?? 0
    return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") || flags & Self.exiting != 0
  }

  /// `PF_EXITING` of the kernel's `sched.h`.
  private static let exiting: UInt64 = 0x4
}
