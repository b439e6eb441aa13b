import LibP2P
import Logging
import NIOCore

/// `node.*`, `p2p.*`, `operations.*` and `log.*`: who the node is, where it keeps what, and where it is reached.
struct NodeSettings: Sendable {
  /// The longest path of a UNIX socket.
  static let longestSocketPath = 107

  let peerKey: String
  let hotkey: String?
  let passphraseFile: String?
  /// The folder of all that it keeps.
  let data: String
  /// Where the control socket stands.
  let control: String
  let controlGroup: UInt32?
  let controlUsers: Set<UInt32>
  let listen: [Multiaddr]
  let bootstrap: [Multiaddr]
  let operations: SocketAddress
  let logLevel: Logger.Level
  let logFormat: LogFormat

  /// The database's file.
  var database: String { "\(data)/node.sqlite" }

  /// - Parameter needsHotkey: whether the daemon signs on chain.
  init?(_ reader: inout SettingsReader, needsHotkey: Bool) {
    let peerKey = reader.value(Settings.nodePeerKey)
    hotkey = reader.value(Settings.nodeHotkey)
    passphraseFile = reader.value(Settings.nodePassphraseFile)
    let data = reader.value(Settings.nodeData)
    let control = reader.value(Settings.nodeControl)
    controlGroup = reader.value(Settings.nodeControlGroup)
    let users = reader.value(Settings.nodeControlUsers)
    let listen = reader.value(Settings.p2pListen)
    let bootstrap = reader.value(Settings.p2pBootstrap)
    let operations = reader.value(Settings.operationsListen)
    let level = reader.value(Settings.logLevel)
    let format = reader.value(Settings.logFormat)
    if needsHotkey, !reader.isGiven(Settings.nodeHotkey.entry) {
      reader.report(Settings.nodeHotkey.entry, "is missing: a validator signs with it")
    }
    controlUsers = Set((users ?? []).compactMap { UInt32($0) })
    if controlUsers.count != Set(users ?? []).count {
      reader.report(Settings.nodeControlUsers.entry, "takes users by number")
    }
    guard let peerKey, let data, let listen, let bootstrap, let operations, let level, let format else { return nil }
    let socket = control ?? "\(data)/control.sock"
    if socket.utf8.count > Self.longestSocketPath {
      reader.report(
        control == nil ? Settings.nodeData.entry : Settings.nodeControl.entry,
        "makes the control socket's path longer than \(Self.longestSocketPath) bytes; set node.control to a shorter one"
      )
    }
    (self.peerKey, self.data, self.control) = (peerKey, data, socket)
    (self.listen, self.bootstrap, self.operations) = (listen, bootstrap, operations)
    (logLevel, logFormat) = (level, format)
  }
}
