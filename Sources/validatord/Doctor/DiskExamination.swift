import Foundation
import Substrate
import Validator

/// The folder that the node writes to, and its database.
struct DiskExamination: Sendable {
  let findings: [Finding]

  /// Observations of some thousand epochs need less.
  private static let comfortable: UInt64 = 2 << 30
  private static let least: UInt64 = 128 << 20

  init(_ node: NodeSettings, needsDatabase: Bool) {
    findings =
      [Self.folder(node.data), Self.room(node.data)]
      + (needsDatabase || FileManager.default.fileExists(atPath: node.database) ? [Self.database(node.database)] : [])
  }

  private static func folder(_ path: String) -> Finding {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return errno == ENOENT
        ? Finding("data.folder", .ok, "\(path) is not there yet; the daemon makes it")
        : Finding("data.folder", .failure, "\(path): \(String(cString: strerror(errno)))", remedy: "Check the path.")
    }
    guard status.st_mode & S_IFMT == S_IFDIR, access(path, R_OK | W_OK | X_OK) == 0 else {
      return Finding(
        "data.folder", .failure, "\(path) is no folder that this user may write",
        remedy: "Run the doctor as the daemon's user; `chown` and `chmod 700` the folder.")
    }
    guard status.st_mode & 0o022 == 0 else {
      return Finding(
        "data.folder", .failure, "\(path) can be written by others than its owner", remedy: "chmod 700 '\(path)'")
    }
    return Finding("data.folder", .ok, path)
  }

  private static func room(_ path: String) -> Finding {
    // Of the folder, or of where it will be made.
    var existing = URL(filePath: path).standardizedFileURL
    while !FileManager.default.fileExists(atPath: existing.path), existing.path != "/" {
      existing.deleteLastPathComponent()
    }
    var system = statvfs()
    guard statvfs(existing.path, &system) == 0 else {
      return Finding("disk", .warning, "\(existing.path) does not tell how much room it has")
    }
    let (free, overflow) = UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize))
    let text = "\(free >> 20) MiB free at \(existing.path)"
    guard !overflow, free < comfortable else { return Finding("disk", .ok, text) }
    return Finding(
      "disk", free < least ? .failure : .warning, text,
      remedy:
        "Make room: without it no evidence can be kept and nothing is signed. `validatord db prune` gives some back.")
  }

  private static func database(_ path: String) -> Finding {
    guard FileManager.default.fileExists(atPath: path) else {
      return Finding("database", .ok, "\(path) is not there yet; the daemon makes it")
    }
    do {
      // Looks through its pages.
      let store = try Store.openReadOnly(path)
      try store.close()
      return Finding("database", .ok, path)
    } catch let error as StoreError where error.kind == .older {
      return Finding("database", .ok, "\(error.message); the daemon brings it up to date when it starts")
    } catch let error as any ValidatorError {
      return Finding("database", .failure, error.message, remedy: error.remedy)
    } catch {
      return Finding("database", failed: error)
    }
  }
}
