public import Logging

/// What a ``ControlSocket`` is made from.
public struct ControlConfiguration: Sendable {
  /// Who may connect, besides the superuser and the node's own user, always by the credentials that the kernel gives.
  public struct Access: Sendable {
    /// A group whose members may open the socket: its mode is 0660 then, 0600 otherwise.
    public var group: UInt32?
    /// Users who are let in. With a group, its members have to be listed here, too.
    public var users: Set<UInt32> = []

    /// The node's own user only.
    public init() {}
  }

  /// Where the socket stands: an absolute path of 107 bytes at most, in a folder where nobody else can put another in
  /// its place.
  public var path: String
  /// Who may connect.
  public var access = Access()
  /// Handlers whose names begin so are for the node itself: peers neither reach them nor learn of them, and the node
  /// calls them with ``ControlSocket/openStream(_:)``. Nil for none.
  public var ownPrefix: String?
  /// What clients may use.
  public var limits = ControlLimits()
  /// Where refusals and cut connections are told.
  public var logger = Logger(label: "libp2p.control")

  /// - Parameter path: where the socket stands.
  public init(path: String) { self.path = path }
}
