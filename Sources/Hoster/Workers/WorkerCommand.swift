/// What a worker runs: a program of the operator, or this one.
public struct WorkerCommand: Sendable, Hashable {
  /// Variables of this process that every worker gets; all others are kept from it.
  public static let commonVariables: Set<String> = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]

  /// The program's file, by absolute path.
  public var program: String
  /// Its arguments, without its name.
  public var arguments: [String]
  /// Variables that it gets in addition.
  public var environment: [String: String] = [:]
  /// Names of variables of this process that it gets in addition, such as `CUDA_VISIBLE_DEVICES`.
  public var inheritedVariables: Set<String> = []
  /// Its working folder; nil for this process's.
  public var folder: String?
  /// How many threads its libraries compute with, as far as they heed the usual variables (P-56).
  public var threads = 1
  /// What the kernel lets it have.
  public var limits = WorkerLimits()

  public init(program: String, arguments: [String] = []) {
    self.program = program
    self.arguments = arguments
  }

  /// All of its environment.
  ///
  /// - Parameters:
  ///   - own: this process's.
  ///   - invitation: what the worker needs to take up its work.
  func environment(from own: [String: String], _ invitation: WorkerInvitation) -> [String: String] {
    let inherited = own.filter { Self.commonVariables.contains($0.key) || inheritedVariables.contains($0.key) }
    let threadCounts = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", WorkerInvitation.threadsVariable]
      .map { ($0, "\(threads)") }
    let limits = limits.text.isEmpty ? [:] : [WorkerLimits.variable: limits.text]
    return inherited.merging(threadCounts) { $1 }.merging(environment) { $1 }.merging(limits) { $1 }
      .merging(invitation.variables) { $1 }
  }
}
