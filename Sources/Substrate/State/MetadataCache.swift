import Foundation
import Synchronization

/// Metadata by the hash of the runtime's code: in memory, and on disk if a folder is given.
///
/// On disk a small index names, for each code hash, the content hash of its metadata, and the metadata
/// lies under that content hash; a file whose content does not match its name is ignored. Version numbers
/// play no part: Hypertensor's runtimes changed while theirs stayed the same.
public final class MetadataCache: Sendable {
  /// How many runtimes are kept in memory.
  static let capacity = 8

  private struct Recent {
    var entries: [(codeHash: [UInt8], metadata: RuntimeMetadata)] = []
  }

  private let folder: URL?
  private let recent = Mutex(Recent())

  /// - Parameter folder: made when first written to; nil keeps metadata in memory only.
  public init(folder: String? = nil) {
    self.folder = folder.map { URL(filePath: $0, directoryHint: .isDirectory) }
  }

  /// The metadata of the runtime with that code, if it is kept.
  public func metadata(codeHash: [UInt8]) -> RuntimeMetadata? {
    if let found = recent.withLock({ $0.entries.first { $0.codeHash == codeHash }?.metadata }) { return found }
    guard let folder,
      let name = try? String(contentsOf: folder.appending(path: indexName(codeHash)), encoding: .utf8),
      let hash = Hex.decode(name.trimmingCharacters(in: .whitespacesAndNewlines)), hash.count == 32,
      let data = try? Data(contentsOf: folder.appending(path: fileName(hash)), options: .mappedIfSafe),
      data.count <= RuntimeMetadata.maximumSize,
      let metadata = try? RuntimeMetadata(Array(data)), metadata.hash == hash
    else { return nil }
    remember(metadata, codeHash)
    return metadata
  }

  /// Keeps metadata; a disk that can't be written to costs only the next start's time.
  public func store(_ metadata: RuntimeMetadata, bytes: [UInt8], codeHash: [UInt8]) {
    remember(metadata, codeHash)
    guard let folder else { return }
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    // The content first: an index entry never names a file that is not there.
    try? Data(bytes).write(to: folder.appending(path: fileName(metadata.hash)), options: .atomic)
    try? Data(Hex.encode(metadata.hash).utf8)
      .write(to: folder.appending(path: indexName(codeHash)), options: .atomic)
  }

  private func remember(_ metadata: RuntimeMetadata, _ codeHash: [UInt8]) {
    recent.withLock {
      $0.entries.removeAll { $0.codeHash == codeHash }
      $0.entries.insert((codeHash, metadata), at: 0)
      if $0.entries.count > Self.capacity { $0.entries.removeLast() }
    }
  }

  private func indexName(_ codeHash: [UInt8]) -> String { "code-\(Hex.encodeUnprefixed(codeHash))" }
  private func fileName(_ hash: [UInt8]) -> String { "metadata-\(Hex.encodeUnprefixed(hash)).scale" }
}
