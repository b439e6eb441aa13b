import Synchronization

/// Whether the caller of a request has given up, readable on the event loop. It covers the moment in which
/// a cancellation overtakes the request on its way there.
final class RPCCancellation: Sendable {
  private let flag = Atomic(false)

  var isRequested: Bool { flag.load(ordering: .acquiring) }

  func request() {
    flag.store(true, ordering: .releasing)
  }
}
