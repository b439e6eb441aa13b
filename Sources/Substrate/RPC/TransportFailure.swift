import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension RPCError {
  /// What an error of the network libraries means to a caller. Their texts name no URL.
  static func transport(_ error: any Error) -> RPCError {
    switch error {
    case let error as RPCError: return error
    case is CancellationError: return RPCError(.cancelled, "the task was cancelled")
    case let error as HTTPClientError: return http(error)
    case let error as NIOConnectionError:
      let detail = error.connectionErrors.first.map { "\($0.error)" } ?? "the host name is not known"
      return RPCError(.unreachable, "no connection: \(detail)")
    case let error as IOError where error.isRefusal: return RPCError(.unreachable, "no connection: \(error)")
    case ChannelError.connectTimeout: return RPCError(.timeout, "no connection in time")
    case is NIOTooManyBytesError: return RPCError(.frameTooLarge, "the answer is larger than the limit")
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      return RPCError(.unreachable, "TLS failed: \(error)")
    case is ChannelError, is IOError: return RPCError(.connectionLost, "the connection failed: \(error)")
    default: return RPCError(.connectionLost, "the connection failed: \(type(of: error))")
    }
  }

  private static func http(_ error: HTTPClientError) -> RPCError {
    switch error {
    // Either the caller has given up, or the client was closed under it.
    case .cancelled where Task.isCancelled: RPCError(.cancelled, "the task was cancelled")
    case .deadlineExceeded, .readTimeout: RPCError(.timeout, "no answer in time")
    case .connectTimeout, .tlsHandshakeTimeout: RPCError(.timeout, "no connection in time")
    default: RPCError(.connectionLost, "the connection failed: \(error.shortDescription)")
    }
  }
}

extension IOError {
  /// Whether nothing was connected, as opposed to a connection that broke.
  fileprivate var isRefusal: Bool {
    [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT].contains(errnoCode)
  }
}
