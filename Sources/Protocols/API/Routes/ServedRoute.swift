internal import Foundation
internal import LibP2P
internal import NIOSSL

/// A route that was found sound, with all that a call needs, so that no call has to read a file or judge a URL.
public struct ServedRoute: Sendable {
  /// The name that peers call.
  public let name: String
  /// What was configured.
  public let configuration: ApiRoute
  /// What is to be said about it although it is served.
  let warnings: [RouteFinding]
  /// How the server is spoken to if the URL asks for TLS.
  let tls: TLSConfiguration?

  /// - Throws: ``RouteFinding``, why the route can't be served.
  init(name: String, _ route: ApiRoute) throws(RouteFinding) {
    func finding(_ code: RouteFinding.Code, _ message: String) -> RouteFinding {
      RouteFinding(route: name, code: code, message: message)
    }
    let target: UpstreamAddress
    do throws(UpstreamAddress.Problem) {
      target = try UpstreamAddress(route.url)
    } catch {
      throw finding(.url, error.message)
    }
    guard target.isLocal || route.allowsRemote else {
      throw finding(
        .remote,
        "the server \(target.place.quotedForLog()) is not on this machine; set allow_remote to true if it should be")
    }
    self.name = name
    configuration = route
    tls = target.isSecure ? try Self.tls(route, finding) : nil
    var warnings: [RouteFinding] = []
    if !target.isSecure, route.authorityFile != nil || !route.verifiesCertificate {
      warnings.append(finding(.ineffective, "the URL does not ask for TLS, so its settings have no effect"))
    }
    if target.isSecure, !route.verifiesCertificate {
      warnings.append(finding(.ineffective, "tls_verify is false: anybody may pretend to be the server"))
    }
    for header in route.allowedHeaders ?? [] where HeaderRules.isNeverForwarded(header.lowercased()) {
      warnings.append(finding(.ineffective, "the header \(header.quotedForLog()) is never forwarded"))
    }
    self.warnings = warnings
  }

  private static func tls(
    _ route: ApiRoute, _ finding: (RouteFinding.Code, String) -> RouteFinding
  ) throws(RouteFinding) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if !route.verifiesCertificate { tls.certificateVerification = .none }
    if let path = route.authorityFile {
      do {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
      } catch {
        throw finding(.authorities, "tls_ca_file \(path.quotedForLog(limit: 256)) can't be read as PEM certificates")
      }
    }
    return tls
  }
}
