public import NIOCore

/// The side of multistream-select that chooses.
///
/// It says nothing before the dialer does, and answers header and proposal in one write when they came so.
public struct NegotiationListener: Sendable {
  /// What to do after some bytes arrived.
  public enum Action: Sendable, Equatable {
    /// Wait for more bytes.
    case wait
    /// Send these bytes.
    case send(ByteBuffer)
    /// The protocol is chosen: send `answer`, then go on in it with `rest`, what the dialer already said.
    case selected(String, answer: ByteBuffer, rest: ByteBuffer)
  }

  private let listing: [String]?
  private var sawHeader = false
  private var isSelected = false
  private var proposals = 0
  private var failure: NegotiationError?
  private var lines = MultistreamLines()

  /// - Parameter listing: what `ls` is answered with; nil answers `na`, as go-libp2p does. Strangers need not
  ///   know what a peer serves: give it on authenticated connections only.
  public init(listing: [String]? = nil) {
    self.listing = listing
  }

  /// Takes what the dialer sent. After ``Action/selected(_:answer:rest:)`` it has no more to do.
  ///
  /// - Parameter isSupported: whether a proposed protocol will do.
  /// - Throws: ``NegotiationError``; the stream is of no more use then. Behind a refusal, a lazy dialer's request
  ///   reads as a malformed line, which is thrown one call after the refusal was given: reset the stream, not the
  ///   connection (mesh-wire.md §1.7).
  public mutating func receive(
    _ bytes: ByteBuffer, isSupported: (String) -> Bool
  ) throws(NegotiationError) -> Action {
    if let failure { throw failure }
    guard !isSelected else { return .wait }
    lines.append(bytes)
    var answer: [UInt8] = []
    do throws(NegotiationError) {
      while let line = try lines.next() {
        answer += try respond(to: line, isSupported: isSupported)
        if isSelected { return .selected(line, answer: ByteBuffer(bytes: answer), rest: lines.takeRest()) }
      }
    } catch {
      // A refusal has to be heard before the stream is given up: a lazy dialer's request comes right behind.
      failure = error
      if answer.isEmpty { throw error }
    }
    return answer.isEmpty ? .wait : .send(ByteBuffer(bytes: answer))
  }

  private mutating func respond(
    to line: String, isSupported: (String) -> Bool
  ) throws(NegotiationError) -> [UInt8] {
    guard sawHeader else {
      guard line == Multistream.header else {
        throw NegotiationError(.notMultistream, "the peer began with \(line.quotedForLog())")
      }
      sawHeader = true
      return Multistream.line(Multistream.header)
    }
    proposals += 1
    guard proposals <= Multistream.maximumProposals else {
      throw NegotiationError(.tooManyProposals, "the peer proposed more than \(proposals - 1) protocols")
    }
    if line == Multistream.list {
      return listing.flatMap(Multistream.listing) ?? Multistream.line(Multistream.refusal)
    }
    isSelected = line != Multistream.refusal && isSupported(line)
    return Multistream.line(isSelected ? line : Multistream.refusal)
  }

  /// Says that the other side closed the stream.
  ///
  /// - Throws: ``NegotiationError`` `negotiation.closed` unless the protocol was chosen.
  public func finish() throws(NegotiationError) {
    guard isSelected else { throw NegotiationError(.closed, "the peer closed the stream during negotiation") }
  }
}
