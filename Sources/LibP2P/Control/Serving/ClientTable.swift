/// The clients of a control socket, as a value: how many connections each process has, and its persistent ones.
struct ClientTable {
  private struct Process {
    var connections = 0
    var links = 0
  }

  /// Connections of one process.
  let maximumConnections: Int
  private var processes: [HandlerRegistry.ProcessID: Process] = [:]
  private var links: [UInt64: PersistentLink] = [:]
  private var nextLink: UInt64 = 1

  /// - Parameter maximumConnections: connections of one process.
  init(maximumConnections: Int) { self.maximumConnections = maximumConnections }

  /// The processes that are connected.
  var processCount: Int { processes.count }

  /// The persistent connections.
  var allLinks: [PersistentLink] { Array(links.values) }

  subscript(link: UInt64) -> PersistentLink? { links[link] }

  /// Enters a connection; false if its process has too many.
  mutating func enter(_ process: HandlerRegistry.ProcessID) -> Bool {
    guard processes[process, default: Process()].connections < maximumConnections else { return false }
    processes[process, default: Process()].connections += 1
    return true
  }

  /// Takes out a connection that ``enter(_:)`` let in.
  mutating func leave(_ process: HandlerRegistry.ProcessID) {
    processes[process]?.connections -= 1
    if let left = processes[process]?.connections, left <= 0 { processes[process] = nil }
  }

  /// Enters a persistent connection, and numbers it.
  mutating func add(_ link: PersistentLink, of process: HandlerRegistry.ProcessID) -> UInt64 {
    defer { nextLink += 1 }
    links[nextLink] = link
    processes[process]?.links += 1
    return nextLink
  }

  /// Takes a persistent connection out.
  ///
  /// - Returns: whether it was the last one of its process, which means that the process is done.
  mutating func remove(_ link: UInt64, of process: HandlerRegistry.ProcessID) -> Bool {
    links[link] = nil
    processes[process]?.links -= 1
    return processes[process]?.links == 0
  }
}
