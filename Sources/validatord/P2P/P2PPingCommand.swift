import ArgumentParser
import LibP2P
import Substrate

struct P2PPingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ping", abstract: "Measures the round trip to a peer.")

  /// Pings of one run at most.
  static let maximumCount = 1_000

  @Argument(
    help: ArgumentHelp("Where the peer is, or its id.", valueName: PeerTarget.valueName),
    transform: { try PeerTarget($0) })
  var target: PeerTarget
  @Option(
    help: ArgumentHelp("A peer to begin the look-up of an id at; may be given several times.", valueName: "multiaddr"),
    transform: { try Multiaddr($0) })
  var bootstrap: [Multiaddr] = []
  @Option(help: "How many pings to send.") var count = 5
  @OptionGroup var options: P2POptions

  func validate() throws {
    guard (1...Self.maximumCount).contains(count) else {
      throw ValidationError("--count is from 1 to \(Self.maximumCount)")
    }
  }

  func run() async throws {
    try await options.withPeer { services in
      let clock = ContinuousClock()
      let start = clock.now
      let connection = try await services.connect(to: target, via: bootstrap)
      let connect = Self.milliseconds(clock.now - start)
      var times: [Double] = []
      var ping = try await services.ping.open(connection)
      for number in 1...count {
        let time = Double(try await ping.roundTrip().nanoseconds) / 1e6
        times.append(time)
        if options.format == .table {
          Report.write(text: "\(number)  \(Self.text(time)) ms  \(connection.peer)")
        }
      }
      report(connection, connect: connect, times.sorted())
    }
  }

  private func report(_ connection: P2PConnection, connect: Double, _ sorted: [Double]) {
    let median = sorted[sorted.count / 2]
    switch options.format {
    case .json:
      Report.write([
        "peer": .string(connection.peer.description), "address": .string(connection.remoteAddress.description),
        "security": .string(connection.security), "connectMs": JSONValue(floatLiteral: connect),
        "pings": JSONValue(sorted.count), "minMs": JSONValue(floatLiteral: sorted.first ?? median),
        "medianMs": JSONValue(floatLiteral: median), "maxMs": JSONValue(floatLiteral: sorted.last ?? median),
      ])
    case .table:
      Report.write(
        text: "connect \(Self.text(connect)) ms; round trip min \(Self.text(sorted.first ?? median)), "
          + "median \(Self.text(median)), max \(Self.text(sorted.last ?? median)) ms")
    }
  }

  static func milliseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15
  }

  /// Three decimals.
  private static func text(_ milliseconds: Double) -> String {
    let thousandths = Int((milliseconds * 1000).rounded())
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return "\(thousandths / 1000).\(fraction)"
  }
}
