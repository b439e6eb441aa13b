/// Decides when a routes file is read again and which of its versions counts, as a value.
///
/// Every version is read twice, one look apart: a file that changes twice within one tick of the file system's clock
/// shows the same stamp both times. One that could not be read is read again at every look until it can be.
struct RoutesReload: Sendable {
  /// What tells versions of a file apart without reading it.
  struct Stamp: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Timestamp
    var changed: Timestamp

    struct Timestamp: Sendable, Hashable {
      var seconds: Int
      var nanoseconds: Int
    }
  }

  /// What to do after a look at the file.
  enum Step: Equatable {
    case nothing
    /// Read the file.
    case read
    /// The file is gone for good: only the routes in memory count.
    case withdraw
  }

  /// What to do after the file was read.
  enum Outcome {
    /// It says what it said before, or still can't be read.
    case unchanged
    /// Serve these routes from now on.
    case use(RouteTable)
    /// Warn; serve what was served before.
    case keep(RoutesFileError)
  }

  /// Looks in a row without a file after which it is gone; editors that remove before they write are faster.
  static let looksUntilGone = 2
  /// How often each version is read.
  private static let reads = 2

  private var stamp: Stamp?
  private var readsLeft = 0
  private var missed = 0
  private var text: [UInt8]?
  /// The version that could not be read the last time.
  private var unreadable: Stamp?
  private let folder: String

  /// - Parameter folder: where relative paths in the file begin.
  init(folder: String) {
    self.folder = folder
  }

  /// Takes a look: the file's stamp, or nil if there is none.
  mutating func look(_ found: Stamp?) -> Step {
    guard let found else {
      missed += 1
      guard missed == Self.looksUntilGone, stamp != nil else { return .nothing }
      (stamp, text, unreadable) = (nil, nil, nil)
      return .withdraw
    }
    missed = 0
    if found != stamp { (stamp, readsLeft) = (found, Self.reads) }
    guard readsLeft > 0 else { return .nothing }
    readsLeft -= 1
    return .read
  }

  /// Takes what was read, or why it could not be.
  mutating func loaded(_ content: Result<[UInt8], RoutesFileError>) -> Outcome {
    switch content {
    case .failure(let error):
      // Whatever it says once it can be read, that ends the fault.
      (text, readsLeft) = (nil, Self.reads)
      defer { unreadable = stamp }
      return stamp == unreadable ? .unchanged : .keep(error)
    case .success(let text):
      unreadable = nil
      guard text != self.text else { return .unchanged }
      self.text = text
      do throws(RoutesFileError) {
        return .use(try RouteTable(file: text, folder: folder))
      } catch {
        return .keep(error)
      }
    }
  }
}
