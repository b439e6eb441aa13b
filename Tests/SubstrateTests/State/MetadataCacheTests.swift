import Foundation
import Testing

@testable import Substrate

@Suite("Metadata cache")
struct MetadataCacheTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "metadata-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func code(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

  @Test("Two runtimes with one version number are kept apart by their code, also on disk")
  func twoRuntimes() throws {
    try withFolder { folder in
      let cache = MetadataCache(folder: folder)
      for (index, chain) in RecordedChain.allCases.enumerated() {
        cache.store(try chain.metadata(), bytes: try chain.metadataBytes(15), codeHash: code(UInt8(index)))
      }
      for cache in [cache, MetadataCache(folder: folder)] {
        for (index, chain) in RecordedChain.allCases.enumerated() {
          #expect(cache.metadata(codeHash: code(UInt8(index)))?.hash == (try chain.metadata().hash))
        }
        #expect(cache.metadata(codeHash: code(9)) == nil)
      }
    }
  }

  @Test("S7 a damaged, swapped or missing file is as if it were not there")
  func damaged() throws {
    try withFolder { folder in
      let files = FileManager.default
      let good = try RecordedChain.february.metadataBytes(15)
      let damages: [(URL, URL) throws -> Void] = [
        { _, content in try Data(good.dropLast()).write(to: content) },
        { _, content in try Data(RecordedChain.december.metadataBytes(15)).write(to: content) },
        { _, content in try Data().write(to: content) },
        { _, content in try files.removeItem(at: content) },
        { index, _ in try Data("nonsense".utf8).write(to: index) },
        { index, _ in try Data([0xff, 0xfe]).write(to: index) },
        { index, _ in try files.removeItem(at: index) },
        { index, _ in try Data("0x../../secret".utf8).write(to: index) },
      ]
      for damage in damages {
        try? files.removeItem(atPath: folder)
        MetadataCache(folder: folder).store(try RecordedChain.february.metadata(), bytes: good, codeHash: code(1))
        #expect(MetadataCache(folder: folder).metadata(codeHash: code(1)) != nil)
        let names = try files.contentsOfDirectory(atPath: folder)
        let url = URL(filePath: folder, directoryHint: .isDirectory)
        let index = url.appending(path: try #require(names.first { $0.hasPrefix("code-") }))
        let content = url.appending(path: try #require(names.first { $0.hasPrefix("metadata-") }))
        try damage(index, content)
        let cache = MetadataCache(folder: folder)
        #expect(cache.metadata(codeHash: code(1)) == nil)
        // And it is mended by the next one who stores it.
        cache.store(try RecordedChain.february.metadata(), bytes: good, codeHash: code(1))
        #expect(MetadataCache(folder: folder).metadata(codeHash: code(1)) != nil)
      }
    }
  }

  @Test("Without a folder it is kept in memory, for a bounded number of runtimes")
  func bounded() throws {
    let cache = MetadataCache()
    let metadata = try RecordedChain.february.metadata()
    for byte in 0...UInt8(MetadataCache.capacity) { cache.store(metadata, bytes: [], codeHash: code(byte)) }
    #expect(cache.metadata(codeHash: code(0)) == nil)
    #expect(cache.metadata(codeHash: code(1)) != nil)
    #expect(cache.metadata(codeHash: code(UInt8(MetadataCache.capacity))) != nil)
  }

  @Test("A client with a warm cache asks for no metadata")
  func warm() async throws {
    let cache = MetadataCache()
    let cold = try RecordedNode()
    _ = try await ChainClient(cold, metadataCache: cache).best().metadata()
    #expect(cold.count("state_call") == 1)
    let warm = try RecordedNode()
    _ = try await ChainClient(warm, metadataCache: cache).best().metadata()
    #expect(warm.count("state_call") == 0 && warm.count("state_getMetadata") == 0)
  }
}
