/// How a database is opened, and what it may keep.
public struct StoreOptions: Sendable, Hashable {
  /// How long a process waits for another that writes.
  public var busyTimeout: Duration = .seconds(10)
  /// Reading connections at the same time.
  public var readers = 4
  /// Whether the pages are looked through before the first use; about a second for each gigabyte.
  public var checksPages = true
  /// The most bytes of one answer that are kept. Of a longer one, only the digest is, and it can't be scored by
  /// distance.
  public var answerBytes = 1 << 20

  public init() {}
}
