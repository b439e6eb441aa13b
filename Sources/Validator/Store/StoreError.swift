/// Why the database could not be opened, read or written.
public struct StoreError: ValidatorError, Hashable {
  public enum Code: String, Sendable, CaseIterable {
    /// There is no file.
    case missing = "store.missing"
    /// A file is where a new one was to be made.
    case exists = "store.exists"
    /// Others than its owner may use the file or its folder, or it is no regular file.
    case mode = "store.mode"
    /// The file, or its folder, can't be opened.
    case unreachable = "store.unreachable"
    /// A newer validatord made or changed it.
    case newer = "store.newer"
    /// An older validatord made it, and it was opened for reading only.
    case older = "store.older"
    /// Not a database, or its pages contradict each other.
    case damaged = "store.damaged"
    /// A database of another program, or of another subnet or chain.
    case foreign = "store.foreign"
    /// A migration was not the one that this build knows by its number.
    case migration = "store.migration"
    /// No space left.
    case full = "store.full"
    /// The file or its file system can't be written.
    case readOnly = "store.read-only"
    /// The disk failed.
    case disk = "store.disk"
    /// Another process kept it locked for too long.
    case busy = "store.busy"
    /// Another process runs with this database or key.
    case locked = "store.locked"
    /// What is to be written contradicts what is there.
    case conflict = "store.conflict"
    /// More bytes than a column may have.
    case tooLarge = "store.too-large"
    /// Anything else that SQLite reports.
    case failed = "store.failed"
  }

  public let kind: Code
  public let message: String
  public let remedy: String

  public var code: String { kind.rawValue }

  init(_ kind: Code, _ message: String, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    self.remedy = remedy ?? Self.remedy(kind)
  }

  /// Whether trying again can't help: the file itself is wrong, not the disk's room or somebody else's lock.
  var isLasting: Bool {
    switch kind {
    case .missing, .mode, .newer, .older, .damaged, .foreign, .migration: true
    case .exists, .unreachable, .full, .readOnly, .disk, .busy, .locked, .conflict, .tooLarge, .failed: false
    }
  }

  private static func remedy(_ kind: Code) -> String {
    switch kind {
    case .missing: "Give the path of the validator's database; the validator makes it at its first start."
    case .exists: "Give another path, or move the file away."
    case .mode: "Make it the service user's own: mode 0600 for the file, 0700 for its folder."
    case .unreachable: "Look at the path, its permissions and the file system."
    case .newer: "Update validatord, or restore a backup that this version made."
    case .older: "Start the validator once, or run `validatord db migrate`; it brings the database up to date."
    case .damaged: "Stop the validator and run `validatord db restore` with the newest backup."
    case .foreign: "Give the database of this subnet and chain; each has its own."
    case .migration: "Install the release that this database was made with, or restore a backup."
    case .full: "Make room; nothing is signed until it can be recorded."
    case .readOnly: "Mount the file system writable, or change the file's owner; nothing is signed until then."
    case .disk: "Look at the kernel's log and the disk; nothing is signed until it can be recorded."
    case .busy: "End the process that keeps the database locked."
    case .locked: "Stop the other process; two with one key put the stake at risk."
    case .conflict, .tooLarge, .failed: ""
    }
  }
}
