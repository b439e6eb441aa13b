/// The program that starts a worker and outlives it: this one, as `validatord worker guard PROGRAM ARGUMENT…`, which
/// runs ``WorkerGuard``.
public struct WorkerGuardian: Sendable, Hashable {
  /// By absolute path.
  public var program: String
  /// From its own name on; the worker's program and its arguments come behind them.
  public var arguments: [String]

  /// This program. Linux finds it even if its file has been replaced since.
  public static let ownProgram = WorkerGuardian(program: "/proc/self/exe")

  public init(program: String) {
    self.program = program
    arguments = ["validatord", "worker", "guard"]
  }
}
