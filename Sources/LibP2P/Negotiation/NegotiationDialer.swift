public import NIOCore

/// The side of multistream-select that proposes.
///
/// ``start()`` gives the header and the first proposal in one write. An *eager* dialer waits for
/// ``Action/selected(_:rest:)`` before it sends data; a *lazy* one (``init(assuming:)``) sends its data right
/// behind, which saves a round trip and leaves no second proposal.
public struct NegotiationDialer: Sendable {
  /// What to do after some bytes arrived.
  public enum Action: Sendable, Equatable {
    /// Wait for more bytes.
    case wait
    /// Send these bytes.
    case send(ByteBuffer)
    /// The protocol is chosen; `rest` is the beginning of what the other side says in it.
    case selected(String, rest: ByteBuffer)
  }

  private let proposals: [String]
  /// Whose answer is awaited.
  private var position = 0
  private var sawHeader = false
  private var isSelected = false
  private var lines = MultistreamLines()

  /// An eager dialer.
  ///
  /// - Parameter proposals: the protocols that will do, best first.
  /// - Throws: ``NegotiationError``: `negotiation.unsupported` without proposals, `negotiation.too-many-proposals`,
  ///   or `negotiation.malformed` for one that is too long for a line.
  public init(proposals: [String]) throws(NegotiationError) {
    guard !proposals.isEmpty else { throw NegotiationError(.unsupported, "there is no protocol to propose") }
    guard proposals.count <= Multistream.maximumProposals else {
      throw NegotiationError(.tooManyProposals, "\(proposals.count) protocols are too many to propose")
    }
    for proposal in proposals where !(1..<Multistream.maximumLineLength).contains(proposal.utf8.count) {
      throw NegotiationError(.malformed, "a protocol id of \(proposal.utf8.count) bytes can't be proposed")
    }
    self.proposals = proposals
  }

  /// A lazy dialer, for a protocol that the peer is known to speak. Throws what ``init(proposals:)`` throws.
  public init(assuming proposal: String) throws(NegotiationError) {
    try self.init(proposals: [proposal])
  }

  /// What to send first.
  public func start() -> ByteBuffer {
    ByteBuffer(bytes: Multistream.line(Multistream.header) + proposals.prefix(1).flatMap(Multistream.line))
  }

  /// Takes what the listener sent. After ``Action/selected(_:rest:)`` it has no more to do.
  ///
  /// - Throws: ``NegotiationError``; the stream is of no more use then.
  public mutating func receive(_ bytes: ByteBuffer) throws(NegotiationError) -> Action {
    guard !isSelected else { return .wait }
    lines.append(bytes)
    while let line = try lines.next() {
      guard sawHeader else {
        guard line == Multistream.header else {
          throw NegotiationError(.notMultistream, "the peer began with \(line.quotedForLog())")
        }
        sawHeader = true
        continue
      }
      switch line {
      case proposals[position]:
        isSelected = true
        return .selected(line, rest: lines.takeRest())
      case Multistream.refusal:
        position += 1
        guard position < proposals.count else {
          let names = proposals.map { $0.quotedForLog() }.joined(separator: ", ")
          throw NegotiationError(.unsupported, "the peer speaks none of \(names)")
        }
        // The next proposal has not been made yet, so nothing can answer it.
        guard try lines.next() == nil else {
          throw NegotiationError(.unexpected, "the peer answered before it was asked")
        }
        return .send(ByteBuffer(bytes: Multistream.line(proposals[position])))
      default:
        throw NegotiationError(.unexpected, "the peer answered a proposal with \(line.quotedForLog())")
      }
    }
    return .wait
  }

  /// Says that the other side closed the stream.
  ///
  /// - Throws: ``NegotiationError`` `negotiation.closed` unless the protocol was chosen.
  public func finish() throws(NegotiationError) {
    guard isSelected else { throw NegotiationError(.closed, "the peer closed the stream during negotiation") }
  }
}
