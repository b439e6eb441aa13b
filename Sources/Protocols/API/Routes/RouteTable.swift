internal import Foundation
internal import LibP2P

/// The routes of one file or of a configuration, each judged, and what is to be said about them.
public struct RouteTable: Sendable {
  /// The longest file read, in bytes.
  public static let maximumFileSize = 1 << 20
  /// Routes of one file at most.
  public static let maximumRoutes = 4_096
  /// Characters of a route's name.
  public static let maximumNameLength = 256

  /// The sound routes by name.
  public private(set) var routes: [String: ServedRoute] = [:]
  /// What is to be said, in order of the routes' names.
  public private(set) var findings: [RouteFinding] = []

  /// A table without routes.
  init() {}

  /// Judges routes that were set in memory.
  public init(_ routes: [String: ApiRoute]) {
    for (name, route) in routes.sorted(by: { $0.key < $1.key }) { add(name, route) }
  }

  /// Reads the text of a routes file: one object, whose members are routes.
  ///
  /// An entry that can't be used is left out and says why in ``findings``; `null` is no entry (subnet-wire.md §4.6).
  /// - Parameter folder: where relative paths in the file begin.
  /// - Throws: ``RoutesFileError`` if the text as a whole can't be used.
  public init(file text: [UInt8], folder: String) throws(RoutesFileError) {
    guard text.count <= Self.maximumFileSize else {
      throw RoutesFileError(.tooLarge, "the routes file has more than \(Self.maximumFileSize) bytes")
    }
    let json: Any
    do {
      json = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "it is not JSON"
      throw RoutesFileError(.notJSON, "the routes file is not JSON: \(reason)")
    }
    guard let entries = json as? [String: Any] else {
      throw RoutesFileError(.notObject, "the routes file is not an object of routes")
    }
    guard entries.count <= Self.maximumRoutes else {
      throw RoutesFileError(.tooLarge, "the routes file has more than \(Self.maximumRoutes) routes")
    }
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
      var entry = RouteEntry(name: name, folder: folder)
      do {
        add(name, try entry.read(value))
      } catch {
        findings.append(error)
      }
      findings += entry.warnings
    }
  }

  /// Reads a routes file.
  ///
  /// - Throws: ``RoutesFileError`` if the file as a whole can't be used.
  public init(contentsOf path: String) throws(RoutesFileError) {
    try self.init(file: try RoutesFile.read(path).get(), folder: RoutesFile.folder(of: path))
  }

  private mutating func add(_ name: String, _ route: ApiRoute) {
    do {
      let served = try ServedRoute(name: name, route)
      routes[name] = served
      findings += served.warnings
    } catch {
      findings.append(error)
    }
  }
}
