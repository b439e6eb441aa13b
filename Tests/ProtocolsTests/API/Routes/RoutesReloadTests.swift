import Foundation
import Logging
import Testing

@testable import Protocols

@Suite("Reload of routes")
struct RoutesReloadTests {
  private func stamp(_ inode: UInt64, _ time: Int = 0) -> RoutesReload.Stamp {
    let time = RoutesReload.Stamp.Timestamp(seconds: time, nanoseconds: 0)
    return RoutesReload.Stamp(device: 1, inode: inode, size: 10, modified: time, changed: time)
  }

  private func urls(_ outcome: RoutesReload.Outcome) -> [String]? {
    guard case .use(let table) = outcome else { return nil }
    return table.routes.values.map(\.configuration.url).sorted()
  }

  private let first = Result<[UInt8], RoutesFileError>.success(Array(#"{"a": "http://127.0.0.1/1"}"#.utf8))
  private let second = Result<[UInt8], RoutesFileError>.success(Array(#"{"a": "http://127.0.0.1/2"}"#.utf8))

  @Test("Each version is read twice and parsed once, then not touched")
  func readTwice() {
    var reload = RoutesReload(folder: "/")
    #expect(reload.look(stamp(1)) == .read)
    #expect(urls(reload.loaded(first)) == ["http://127.0.0.1/1"])
    #expect(reload.look(stamp(1)) == .read)
    #expect(urls(reload.loaded(first)) == nil)
    for _ in 0..<10 { #expect(reload.look(stamp(1)) == .nothing) }
  }

  @Test("A change within one tick of the file system's clock is seen")
  func sameStamp() {
    var reload = RoutesReload(folder: "/")
    #expect(reload.look(stamp(1)) == .read)
    _ = reload.loaded(first)
    #expect(reload.look(stamp(1)) == .read)
    #expect(urls(reload.loaded(second)) == ["http://127.0.0.1/2"])
  }

  @Test("A-29 what can't be read keeps what was, with one warning for each version")
  func broken() {
    var reload = RoutesReload(folder: "/")
    #expect(reload.look(stamp(1)) == .read)
    _ = reload.loaded(first)
    #expect(reload.look(stamp(2)) == .read)
    guard case .keep(let error) = reload.loaded(.success(Array(#"{"a":"#.utf8))) else {
      Issue.record("half a file was taken over")
      return
    }
    #expect(error.kind == .notJSON)
    #expect(reload.look(stamp(2)) == .read)
    guard case .unchanged = reload.loaded(.success(Array(#"{"a":"#.utf8))) else {
      Issue.record("the same half was warned of twice")
      return
    }
    #expect(reload.look(stamp(3)) == .read)
    #expect(urls(reload.loaded(second)) == ["http://127.0.0.1/2"])
  }

  @Test("A-29 a file that can't be read is read until it can be, with one warning; what it says then ends the fault")
  func unreadable() {
    let unreadable = Result<[UInt8], RoutesFileError>.failure(RoutesFileError(.unreadable, "the file can't be read"))
    func isWarning(_ outcome: RoutesReload.Outcome) -> Bool { if case .keep = outcome { true } else { false } }
    var reload = RoutesReload(folder: "/")
    for (version, content) in [(UInt64(1), first), (2, first), (3, second)] {
      #expect(reload.look(stamp(version)) == .read)
      #expect(isWarning(reload.loaded(unreadable)))
      for _ in 0..<5 {
        #expect(reload.look(stamp(version)) == .read)
        guard case .unchanged = reload.loaded(unreadable) else {
          Issue.record("one version was warned of twice")
          return
        }
      }
      for isRepetition in [false, true] {
        #expect(reload.look(stamp(version)) == .read)
        #expect((urls(reload.loaded(content)) == nil) == isRepetition)
      }
      #expect(reload.look(stamp(version)) == .nothing)
    }
  }

  @Test("A-29 the fault of a real file goes with its cause, whatever that was")
  func fault() throws {
    let folder = try ApiFolder()
    let path = folder.path + "/routes.json"
    let file = RoutesFile(path, logger: .quiet)
    #expect(file.status.fault?.kind == .unreadable)
    try folder.write(#"{"a": "http://127.0.0.1/1"}"#)
    file.look()
    #expect(file.status.fault == nil && file["a"] != nil)
    // A plain file whose beginning nobody can read, the superuser neither.
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/proc/self/mem")
    file.look()
    #expect(file.status.fault?.kind == .unreadable && file["a"] != nil)
    try FileManager.default.removeItem(atPath: path)
    try folder.write(#"{"a": "http://127.0.0.1/1"}"#)
    file.look()
    #expect(file.status.fault == nil && file["a"] != nil)
    try FileManager.default.removeItem(atPath: path)
    for _ in 0..<RoutesReload.looksUntilGone { file.look() }
    #expect(file.status.fault?.kind == .unreadable && file["a"] == nil)
    try folder.write(#"{"a": "http://127.0.0.1/1"}"#)
    file.look()
    #expect(file.status.fault == nil && file["a"] != nil)
  }

  @Test("A file that is gone at one look is being replaced; at two it is withdrawn, once")
  func gone() {
    var reload = RoutesReload(folder: "/")
    #expect(reload.look(nil) == .nothing)
    #expect(reload.look(nil) == .nothing)
    #expect(reload.look(stamp(1)) == .read)
    _ = reload.loaded(first)
    #expect(reload.look(nil) == .nothing)
    #expect(reload.look(stamp(1)) == .read)
    #expect(reload.look(nil) == .nothing)
    #expect(reload.look(nil) == .withdraw)
    #expect(reload.look(nil) == .nothing)
    #expect(reload.look(stamp(1)) == .read)
    #expect(urls(reload.loaded(first)) == ["http://127.0.0.1/1"])
  }

  @Test("A-11 file entries come before those in memory; A-29 a bad entry falls back to memory, or to none")
  func precedence() throws {
    let folder = try ApiFolder()
    let path = try folder.write(
      #"{"both": "http://127.0.0.1/file", "bad": {"url": 1}, "worse": 3, "none": null}"#)
    let routes = ApiRoutes(
      ["both": "http://127.0.0.1/memory", "bad": "http://127.0.0.1/fallback", "none": "http://127.0.0.1/none"],
      file: path, logger: .quiet)
    #expect(routes["both"]?.configuration.url == "http://127.0.0.1/file")
    #expect(routes["bad"]?.configuration.url == "http://127.0.0.1/fallback")
    #expect(routes["none"]?.configuration.url == "http://127.0.0.1/none")
    #expect(routes["worse"] == nil && routes["absent"] == nil)
  }

  @Test("A-7 a real file: edited in place, renamed over, cut short, removed, replaced by a pipe")
  func realFile() throws {
    let folder = try ApiFolder()
    let path = folder.path + "/routes.json"
    let file = RoutesFile(path, logger: .quiet)
    #expect(file["a"] == nil)
    try folder.write(#"{"a": "http://127.0.0.1/1"}"#)
    file.look()
    #expect(file["a"]?.configuration.url == "http://127.0.0.1/1")
    try folder.write(#"{"a": "http://127.0.0.1/2"}"#)
    file.look()
    #expect(file["a"]?.configuration.url == "http://127.0.0.1/2")
    try folder.write(#"{"a": "http://127.0.0.1/3"}"#, to: "next.json")
    #expect(rename(folder.path + "/next.json", path) == 0)
    file.look()
    #expect(file["a"]?.configuration.url == "http://127.0.0.1/3")
    #expect(truncate(path, 9) == 0)
    file.look()
    #expect(file["a"]?.configuration.url == "http://127.0.0.1/3")
    try FileManager.default.removeItem(atPath: path)
    for _ in 0..<RoutesReload.looksUntilGone { file.look() }
    #expect(file["a"] == nil)
    #expect(mkfifo(path, 0o600) == 0)
    file.look()
    #expect(file["a"] == nil)
  }
}

/// A folder of its own for a test, removed with the value's last reference.
final class ApiFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "api-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes in place, and says where.
  @discardableResult
  func write(_ text: String, to name: String = "routes.json") throws -> String {
    try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

extension Logger {
  /// Says nothing.
  static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
