public import LibP2P
import NIOCore

extension ControlStream: PeerStream {
  public var peerKey: PublicKey? { peer.publicKey }

  public func setDeadline(in time: Duration?) {
    setDeadline(time.map { .now() + TimeAmount($0) })
  }
}
