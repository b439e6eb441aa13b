import Substrate

/// `chain.*`: which subnet of which chain, and who is asked about it.
struct ChainSettings: Sendable {
  let endpoints: [RPCEndpoint]
  let subnet: UInt32
  let genesis: BlockHash?
  /// How long to wait at the start for an endpoint that answers.
  let wait: Duration
  /// How long no block may become final until the daemon gives up.
  let stallTimeout: Duration

  init?(_ reader: inout SettingsReader) {
    let urls = reader.value(Settings.chainRPC)
    let subnet = reader.value(Settings.chainSubnet)
    genesis = reader.value(Settings.chainGenesis)
    let allowsPlaintext = reader.value(Settings.chainAllowPlaintext)
    let wait = reader.value(Settings.chainWait)
    let stallTimeout = reader.value(Settings.chainStallTimeout)
    guard let urls, let allowsPlaintext else { return nil }
    var endpoints: [RPCEndpoint] = []
    for url in urls {
      do throws(RPCError) {
        endpoints.append(try RPCEndpoint(url, allowsPlaintext: allowsPlaintext))
      } catch {
        // The URL itself may hold a secret.
        reader.report(Settings.chainRPC.entry, "has a URL that can't be used: \(error.message)")
      }
    }
    if urls.isEmpty { reader.report(Settings.chainRPC.entry, "names no endpoint") }
    guard let subnet, let wait, let stallTimeout, !endpoints.isEmpty else { return nil }
    self.endpoints = endpoints
    self.subnet = subnet
    self.wait = wait
    self.stallTimeout = stallTimeout
  }
}
