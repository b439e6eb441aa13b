import Configuration
import Foundation
import Yams

/// The configuration's file: its values, and where each of them stands.
///
/// YAML, or JSON if its name ends so. Keys may be nested (`chain:` and below it `rpc:`) or dotted (`chain.rpc:`).
struct ConfigurationFile: Sendable {
  /// The most bytes of a file.
  static let maximumSize = 64 << 10
  /// The most keys and values of a file.
  static let maximumNodes = 1024
  /// The most aliases of a YAML file: each may double what it stands for.
  static let maximumAliases = 16

  /// A key as the file has it.
  struct Key: Sendable, Hashable {
    /// Dotted.
    let name: String
    /// Counted from 1.
    let line: Int
    /// Whether there is nothing behind it.
    let isEmpty: Bool
  }

  /// By absolute path.
  let path: String
  /// All keys, in the order of the file.
  let keys: [Key]
  /// What the keys hold.
  let snapshot: any ConfigSnapshot

  /// The folder that relative paths in it are relative to.
  var folder: String { URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false).withoutLastSlash }

  /// Reads a file.
  ///
  /// - Throws: ``CommandError`` `configuration.unreadable`, `configuration.malformed`.
  init(_ path: String) throws {
    self.path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
    let data = try Self.read(self.path)
    guard let text = String(data: data, encoding: .utf8) else { throw Self.malformed(path, "it is not UTF-8 text") }
    let aliases = text.matches(of: #/(^|[\s\[{,:\-])\*[A-Za-z0-9_\-]/#).prefix(Self.maximumAliases + 1)
    guard aliases.count <= Self.maximumAliases else { throw Self.malformed(path, "it has too many aliases") }
    do {
      keys = try Self.outline(text, path)
      snapshot =
        try path.lowercased().hasSuffix(".json")
        ? JSONSnapshot(data: Array(data).span.bytes, providerName: "file", parsingOptions: .default)
        : YAMLSnapshot(data: Array(data).span.bytes, providerName: "file", parsingOptions: .default)
    } catch let error as CommandError {
      throw error
    } catch let error as YamlError {
      throw Self.malformed(path, error.oneLine)
    } catch {
      throw Self.malformed(path, "\(error)")
    }
  }

  private static func read(_ path: String) throws -> Data {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CommandError(
        "configuration.unreadable", "\(path) can't be read: \(String(cString: strerror(errno)))",
        remedy: "Check the path given with --config.", status: .configuration)
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let data = try? handle.read(upToCount: maximumSize + 1)
    else {
      throw CommandError(
        "configuration.unreadable", "\(path) is no plain file", remedy: "Check the path given with --config.",
        status: .configuration)
    }
    guard data.count <= maximumSize else { throw malformed(path, "it has more than \(maximumSize) bytes") }
    return data
  }

  private static func malformed(_ path: String, _ reason: String) -> CommandError {
    CommandError(
      "configuration.malformed", "\(path) can't be understood: \(reason)",
      remedy: "It is YAML, or JSON if its name ends so; docs/configuration.md has an example.", status: .configuration)
  }

  /// The keys of a file. JSON is YAML, too.
  private static func outline(_ text: String, _ path: String) throws -> [Key] {
    // A file of comments alone says nothing, and that is no mistake.
    guard let root = try Yams.compose(yaml: text) else { return [] }
    guard let mapping = root.mapping else { throw malformed(path, "there are no keys at its top level") }
    var keys: [Key] = []
    var nodes = 0
    func walk(_ mapping: Node.Mapping, below prefix: [String]) throws {
      for (key, value) in mapping {
        nodes += 1 + (value.sequence?.count ?? 0)
        guard nodes <= maximumNodes, prefix.count < 8 else { throw malformed(path, "it has too many keys and values") }
        let line = key.mark?.line ?? 0
        guard let name = key.string else { throw malformed(path, "the key in line \(line) is no name") }
        let components = prefix + [name]
        if let below = value.mapping {
          try walk(below, below: components)
        } else {
          keys.append(Key(name: components.joined(separator: "."), line: line, isEmpty: value.null != nil))
        }
      }
    }
    try walk(mapping, below: [])
    return keys
  }
}

extension YamlError {
  /// What is wrong and where, without the text of the file.
  fileprivate var oneLine: String {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "\(problem) in line \(mark.line), column \(mark.column)"
    case .reader(let problem, _, _, _): problem
    case .duplicatedKeysInMapping(let duplicates, let context):
      "the keys \(duplicates.joined(separator: ", ")) stand there twice, in the mapping of line \(context.mark.line)"
    default: "it is no YAML"
    }
  }
}

extension String {
  /// A folder's path without the slash at its end.
  fileprivate var withoutLastSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
