import CProcess

/// How a process ended.
enum WorkerExit: Hashable, Sendable {
  case code(Int32)
  case signal(Int32)

  /// - Parameter status: as waitpid(2) gives it.
  init(status: Int32) {
    let signal = cprocess_signal(status)
    self = signal == 0 ? .code(cprocess_exit_code(status)) : .signal(signal)
  }

  /// The end as a failure of a worker that should have gone on.
  var error: WorkerError {
    switch self {
    case .code(let code): WorkerError(.exited, "the worker ended with code \(code)")
    case .signal(let signal): WorkerError(.exited, "the worker was ended by signal \(signal)")
    }
  }
}
