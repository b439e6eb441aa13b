import CProcess
import Foundation

/// What the kernel lets each process of a worker have. Nil is what the daemon itself may have.
///
/// The guard sets them as soon as it has started the worker, and everything that this starts inherits them.
public struct WorkerLimits: Sendable, Hashable {
  /// Bytes of address space, which a program asks for well before it uses them.
  public var addressSpace: UInt64?
  /// Seconds of processor time, after which a process gets SIGXCPU, and five seconds later SIGKILL.
  public var processorTime: UInt64?
  /// Open descriptors.
  public var descriptors: UInt64?

  public init() {}

  /// How a guard is told; a worker is not.
  static let variable = "VALIDATORD_LIMITS"
  /// Seconds of processor time between the word and the deed.
  private static let lastSeconds: UInt64 = 5

  private typealias Resource = (
    name: String, resource: cprocess_resource, value: WritableKeyPath<WorkerLimits, UInt64?>
  )

  private static var resources: [Resource] {
    [
      ("as", cprocess_address_space, \.addressSpace), ("cpu", cprocess_processor_time, \.processorTime),
      ("nofile", cprocess_descriptors, \.descriptors),
    ]
  }

  /// As ``variable`` has them, `as=1073741824,nofile=256`; empty without any.
  var text: String {
    Self.resources.compactMap { name, _, value in self[keyPath: value].map { "\(name)=\($0)" } }
      .joined(separator: ",")
  }

  /// Nil for what ``text`` does not write.
  init?(text: String) {
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let known = Self.resources.first(where: { $0.name == pair[0] }),
        let value = UInt64(pair[1])
      else { return nil }
      self[keyPath: known.value] = value
    }
  }

  /// Sets them for a process that runs.
  ///
  /// - Returns: nil, or what is told to the operator.
  func apply(to process: pid_t) -> String? {
    for (name, resource, value) in Self.resources {
      guard let soft = self[keyPath: value] else { continue }
      let hard = resource == cprocess_processor_time ? soft &+ Self.lastSeconds : soft
      let error = cprocess_limit(process, resource, soft, hard)
      guard error == 0 else {
        return "the limit \(name)=\(soft) can't be set: \(String(cString: strerror(error))); "
          + "lower it in the node's configuration, or allow the node more (ulimit, systemd's Limit settings)"
      }
    }
    return nil
  }
}
