import Foundation

/// Bytes that are overwritten when the last user lets go of them, and that no printing shows.
final class SecretBytes: @unchecked Sendable {
  let count: Int

  // Written by the initializer only, which is what makes sharing between threads safe.
  private let storage: UnsafeMutablePointer<UInt8>

  /// Zeroed memory of `count` bytes that `fill` writes to.
  init(count: Int, fill: (UnsafeMutableBufferPointer<UInt8>) throws -> Void) rethrows {
    self.count = count
    storage = .allocate(capacity: count)
    storage.initialize(repeating: 0, count: count)
    try fill(UnsafeMutableBufferPointer(start: storage, count: count))
  }

  /// A copy of `bytes`, whose own storage stays the caller's to care for.
  convenience init(_ bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { _ = $0.update(fromContentsOf: bytes) }
  }

  deinit {
    Self.wipe(UnsafeMutableRawBufferPointer(start: storage, count: count))
    storage.deallocate()
  }

  func withPointer<Result>(_ body: (UnsafePointer<UInt8>) throws -> Result) rethrows -> Result {
    try body(storage)
  }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: storage, count: count))
  }

  /// Overwrites memory with zeros in a way that the optimizer does not remove.
  static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
    guard let base = memory.baseAddress else { return }
    #if canImport(Darwin)
      memset_s(base, memory.count, 0, memory.count)
    #else
      explicit_bzero(base, memory.count)
    #endif
  }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
  var description: String { "secret(\(count) bytes)" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

extension [UInt8] {
  /// Overwrites the elements. Copies made before keep what they have.
  mutating func wipe() {
    withUnsafeMutableBytes { SecretBytes.wipe($0) }
  }
}
