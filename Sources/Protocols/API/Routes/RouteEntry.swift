internal import Foundation

/// Reads one entry of a routes file, in the published grammar and with the members that this node adds
/// (subnet-wire.md §4.6).
struct RouteEntry {
  /// The longest time that can be set.
  static let maximumTime = Duration.seconds(86_400)

  let name: String
  let folder: String
  private(set) var warnings: [RouteFinding] = []
  private var members: [String: Any] = [:]

  init(name: String, folder: String) {
    self.name = name
    self.folder = folder
  }

  /// The route that `value` describes.
  mutating func read(_ value: Any) throws(RouteFinding) -> ApiRoute {
    guard name.count <= RouteTable.maximumNameLength else {
      throw RouteFinding(route: name, code: .shape, message: "the name is longer than can be called")
    }
    if let url = value as? String { return ApiRoute(url: url) }
    guard let members = value as? [String: Any] else {
      throw RouteFinding(
        route: name, code: .shape, message: "a route is a URL, or an object with url and stream")
    }
    self.members = members.filter { !($0.value is NSNull) }
    warnings = members.keys.sorted().filter { Key(rawValue: $0) == nil && Self.aliases[$0] == nil }.map {
      RouteFinding(route: name, code: .unknownKey, message: "\($0.quotedForLog()) has no meaning and is ignored")
    }
    return try route()
  }

  private typealias Key = ApiRoute.Key

  /// Other names that the published nodes read.
  private static let aliases = ["methods": Key.allowedMethods, "headers": Key.allowedHeaders]

  private func route() throws(RouteFinding) -> ApiRoute {
    var route = ApiRoute(url: try text(.url) ?? "", stream: try flag(.stream) ?? false)
    // An empty list means the node's, as the published nodes have it.
    route.allowedMethods = try list(.allowedMethods).flatMap { $0.isEmpty ? nil : $0 }
    route.allowedHeaders = try list(.allowedHeaders).flatMap { $0.isEmpty ? nil : $0 }
    route.maximumRequest = try integer(.maximumRequest)
    route.maximumResponse = try integer(.maximumResponse)
    route.timeout = try time(.timeout)
    route.deadline = try time(.deadline)
    route.concurrency = try integer(.concurrency)
    route.peerConcurrency = try integer(.peerConcurrency)
    route.perMinute = try integer(.perMinute)
    route.perMinuteOfPeer = try integer(.perMinuteOfPeer)
    if let text = try text(.minimumClass) {
      let classes = NodeClass.allCases.map(\.rawValue).joined(separator: ", ")
      guard let minimum = NodeClass(rawValue: text) else { throw wrong(.minimumClass, "is one of \(classes)") }
      route.minimumClass = minimum
    }
    route.responseHeaders = try list(.responseHeaders) ?? []
    route.authorityFile = try text(.authorityFile).map {
      $0.hasPrefix("/") ? $0 : URL(filePath: folder).appending(path: $0).path
    }
    route.verifiesCertificate = try flag(.verifiesCertificate) ?? true
    route.allowsRemote = try flag(.allowsRemote) ?? false
    return route
  }

  // MARK: Members

  private func value(_ key: Key) -> Any? {
    members[key.rawValue] ?? Self.aliases.first { $0.value == key }.flatMap { members[$0.key] }
  }

  private func text(_ key: Key) throws(RouteFinding) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value as? String, !text.isEmpty else { throw wrong(key, "is a text that is not empty") }
    return text
  }

  private func flag(_ key: Key) throws(RouteFinding) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let number = value as? NSNumber, number.isBoolean else { throw wrong(key, "is true or false") }
    return number.boolValue
  }

  private func integer(_ key: Key) throws(RouteFinding) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value as? NSNumber, !number.isBoolean, let integer = Int(exactly: number.doubleValue),
      integer >= 0
    else { throw wrong(key, "is an integer, zero or more") }
    return integer
  }

  private func time(_ key: Key) throws(RouteFinding) -> Duration? {
    guard let value = value(key) else { return nil }
    guard let number = value as? NSNumber, !number.isBoolean, number.doubleValue > 0,
      number.doubleValue <= Self.maximumTime / .seconds(1)
    else { throw wrong(key, "is a number of seconds, above 0 and at most \(Self.maximumTime.components.seconds)") }
    return .seconds(number.doubleValue)
  }

  private func list(_ key: Key) throws(RouteFinding) -> [String]? {
    guard let value = value(key) else { return nil }
    guard let values = value as? [Any], let texts = values as? [String], !texts.contains("") else {
      throw wrong(key, "is a list of texts that are not empty")
    }
    return texts
  }

  private func wrong(_ key: Key, _ expectation: String) -> RouteFinding {
    RouteFinding(route: name, code: .value, message: "\(key.rawValue) \(expectation)")
  }
}

extension NSNumber {
  /// JSON's true and false come as numbers, too.
  fileprivate var isBoolean: Bool { String(cString: objCType) == "c" }
}
