import Synchronization

/// What of a worker is seen from outside of its supervisor, and what it has to do.
final class WorkerSlot: Sendable {
  private struct State {
    var status: WorkerStatus
    /// Which start of the worker the rest belongs to.
    var start = 0
    var namespace: String?
    var isOpen = false
    var model: ModelDescription?
    var running = 0
    var lastToken = ContinuousClock.now
    var onHung: @Sendable (WorkerError, Int) -> Void = { _, _ in }
  }

  let index: Int
  let stallTimeout: Duration
  private let state: Mutex<State>

  init(index: Int, stallTimeout: Duration) {
    self.index = index
    self.stallTimeout = stallTimeout
    state = Mutex(
      State(status: WorkerStatus(index: index, phase: .idle, failures: 0, starts: 0, isDegraded: false)))
  }

  var status: WorkerStatus {
    state.withLock { state in
      var status = state.status
      status.requests = state.running
      status.model = state.isOpen ? state.model : nil
      return status
    }
  }

  /// What the worker's requests come to; nil if it takes none.
  var load: Int? { state.withLock { $0.isOpen ? $0.running : nil } }

  // MARK: The supervisor's side

  func onHung(_ action: @escaping @Sendable (WorkerError, _ start: Int) -> Void) {
    state.withLock { $0.onHung = action }
  }

  func begin(namespace: String, start: Int) {
    state.withLock { state in
      (state.namespace, state.start, state.running, state.isOpen) = (namespace, start, 0, false)
    }
  }

  func open(model: ModelDescription?) {
    state.withLock { state in
      state.model = model
      state.isOpen = true
    }
  }

  func close() { state.withLock { $0.isOpen = false } }

  func update(_ body: (inout WorkerStatus) -> Void) { state.withLock { body(&$0.status) } }

  // MARK: The requests' side

  /// Takes the worker for one request; nil if it takes none.
  func lease() -> WorkerLease? {
    let leased = state.withLock { state -> (String, ModelDescription?, Int)? in
      guard state.isOpen, let namespace = state.namespace else { return nil }
      if state.running == 0 { state.lastToken = .now }
      state.running += 1
      return (namespace, state.model, state.start)
    }
    return leased.map { WorkerLease(slot: self, namespace: $0.0, model: $0.1, start: $0.2) }
  }

  func release(_ start: Int) { state.withLock { if $0.start == start { $0.running -= 1 } } }

  func noteToken(_ start: Int) { state.withLock { if $0.start == start { $0.lastToken = .now } } }

  /// A request has waited too long for its token. If no other got one meanwhile, the worker is hung.
  func noteStall(_ start: Int) {
    let action = state.withLock { state -> (@Sendable (WorkerError, Int) -> Void)? in
      guard state.start == start, state.isOpen, state.lastToken + stallTimeout <= .now else { return nil }
      return state.onHung
    }
    action?(WorkerError(.hung, "the worker has brought no token for \(stallTimeout)"), start)
  }

  /// The worker has sent what no worker sends.
  func noteNonsense(_ start: Int, _ error: WorkerError) {
    let action = state.withLock { $0.start == start && $0.isOpen ? $0.onHung : nil }
    action?(error, start)
  }
}

/// A worker, for one request. Counts until it is forgotten.
final class WorkerLease: Sendable {
  /// What goes before the worker's handle names.
  let namespace: String
  let model: ModelDescription?
  private let slot: WorkerSlot
  private let start: Int

  fileprivate init(slot: WorkerSlot, namespace: String, model: ModelDescription?, start: Int) {
    self.slot = slot
    self.namespace = namespace
    self.model = model
    self.start = start
  }

  deinit { slot.release(start) }

  var stallTimeout: Duration { slot.stallTimeout }
  func noteToken() { slot.noteToken(start) }
  func noteStall() { slot.noteStall(start) }
}
