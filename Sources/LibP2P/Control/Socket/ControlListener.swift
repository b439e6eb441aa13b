import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The socket file: made so that it is never open to more users than it should be, never in place of something else,
/// and taken away at the end if it is still the same.
struct ControlListener: Sendable {
  let channel: any Channel
  private let path: String
  private let device: UInt64
  private let inode: UInt64

  /// Listens at the configured path.
  ///
  /// - Parameter accepted: takes every connection, on its event loop.
  /// - Throws: ``ControlError`` `control.in-use` or `control.listen`.
  static func open(
    _ configuration: ControlConfiguration, on group: any EventLoopGroup,
    _ accepted: @escaping @Sendable (any Channel) throws -> Void
  ) async throws -> ControlListener {
    let path = configuration.path
    let descriptor = try SocketFile.make(path, configuration.access)
    var entry = stat()
    let isThere = lstat(path, &entry) == 0
    do {
      let channel = try await ServerBootstrap(group: group)
        .childChannelOption(.autoRead, value: false)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try accepted(channel) } }
        .withBoundSocket(descriptor).get()
      return ControlListener(
        channel: channel, path: path, device: UInt64(truncatingIfNeeded: entry.st_dev),
        inode: isThere ? UInt64(truncatingIfNeeded: entry.st_ino) : 0)
    } catch {
      unlink(path)
      throw ControlError(.listen, "\(path) can't be listened on: \(error)")
    }
  }

  /// Stops listening and takes the file away.
  func close() async {
    try? await channel.close().get()
    var entry = stat()
    guard lstat(path, &entry) == 0, UInt64(truncatingIfNeeded: entry.st_ino) == inode,
      UInt64(truncatingIfNeeded: entry.st_dev) == device
    else { return }
    unlink(path)
  }
}
