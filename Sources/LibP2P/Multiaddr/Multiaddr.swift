/// A self-describing address such as `/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…` (multiformats "multiaddr").
///
/// It always holds at least one component, and both of its forms give it back unchanged.
public struct Multiaddr: Hashable, Sendable {
  /// The longest binary form read or made, in bytes.
  public static let maximumLength = 1_024
  /// The most components read or made.
  public static let maximumComponents = 16

  /// The steps of the address, outermost protocol first.
  public let components: [MultiaddrComponent]

  /// - Throws: ``MultiaddrError``: `multiaddr.malformed` for no components, or a unix path that is not the
  ///   last, since its text would swallow what follows; `multiaddr.value` for a name or path that can't be one;
  ///   `multiaddr.too-long`.
  public init(_ components: [MultiaddrComponent]) throws(MultiaddrError) {
    for component in components
    where MultiaddrComponent(component.proto, bytes: component.valueBytes) != component {
      throw MultiaddrError(.value, "an address has a value that \(component.proto.name) can't have")
    }
    try self.init(sound: components)
  }

  /// Takes components that were read.
  private init(sound components: [MultiaddrComponent]) throws(MultiaddrError) {
    guard !components.isEmpty else { throw MultiaddrError(.malformed, "an address is empty") }
    guard !components.dropLast().contains(where: { $0.proto == .unix }) else {
      throw MultiaddrError(.malformed, "an address goes on behind a unix path")
    }
    self.components = components
    guard components.count <= Self.maximumComponents, bytes.count <= Self.maximumLength else {
      throw MultiaddrError(.tooLong, "an address of \(components.count) components is too long")
    }
  }

  /// Reads the binary form.
  ///
  /// - Throws: ``MultiaddrError``: `multiaddr.unknown-protocol` for a code outside ``MultiaddrProtocol``,
  ///   `multiaddr.value`, `multiaddr.truncated`, `multiaddr.malformed` or `multiaddr.too-long`.
  public init(bytes: some Collection<UInt8>) throws(MultiaddrError) {
    guard bytes.count <= Self.maximumLength else {
      throw MultiaddrError(.tooLong, "an address has \(bytes.count) bytes")
    }
    var rest = Array(bytes)[...]
    var components: [MultiaddrComponent] = []
    while !rest.isEmpty {
      guard components.count < Self.maximumComponents else {
        throw MultiaddrError(.tooLong, "an address has more than \(Self.maximumComponents) components")
      }
      let code = try Self.takeVarint(&rest)
      guard let proto = MultiaddrProtocol(rawValue: code) else {
        throw MultiaddrError(.unknownProtocol, "an address names protocol \(code)")
      }
      let length: UInt64 =
        switch proto.size {
        case .none: 0
        case .fixed(let size): UInt64(size)
        case .prefixed: try Self.takeVarint(&rest)
        }
      guard length <= UInt64(rest.count) else {
        throw MultiaddrError(.truncated, "an address ends inside the value of \(proto.name)")
      }
      let value = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      guard let component = MultiaddrComponent(proto, bytes: value) else {
        throw MultiaddrError(.value, "an address has a value that \(proto.name) can't have")
      }
      components.append(component)
    }
    try self.init(sound: components)
  }

  /// Reads the text form. `/ipfs/` is taken for `/p2p/`.
  ///
  /// - Throws: ``MultiaddrError`` as ``init(bytes:)`` does.
  public init(_ text: String) throws(MultiaddrError) {
    // Peer ids, the densest values, take less than twice their bytes as text.
    guard text.utf8.count <= 2 * Self.maximumLength else {
      throw MultiaddrError(.tooLong, "an address has \(text.utf8.count) characters")
    }
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw MultiaddrError(.malformed, "\(text.quotedForLog()) does not begin with a slash")
    }
    // Scalars, not characters: an accent behind a slash must not hide the slash.
    var rest = text.unicodeScalars.dropFirst()
    var components: [MultiaddrComponent] = []
    while !rest.isEmpty || components.isEmpty {
      guard components.count < Self.maximumComponents else {
        throw MultiaddrError(.tooLong, "an address has more than \(Self.maximumComponents) components")
      }
      let name = Self.takeSegment(&rest)
      guard let proto = MultiaddrProtocol(name: name) else {
        throw MultiaddrError(.unknownProtocol, "an address names protocol \(String(name).quotedForLog())")
      }
      let component: MultiaddrComponent?
      switch proto.size {
      case .none: component = MultiaddrComponent(proto)
      case _ where proto == .unix:
        component = MultiaddrComponent(proto, text: "/" + Substring(rest))
        rest.removeAll()
      case .fixed, .prefixed: component = MultiaddrComponent(proto, text: Self.takeSegment(&rest))
      }
      guard let component else {
        throw MultiaddrError(.value, "\(text.quotedForLog(limit: 160)) has no good value for \(proto.name)")
      }
      components.append(component)
    }
    try self.init(sound: components)
  }

  /// The binary form.
  public var bytes: [UInt8] {
    components.reduce(into: []) { bytes, component in
      let value = component.valueBytes
      bytes += Varint.encode(component.proto.rawValue)
      if component.proto.size == .prefixed { bytes += Varint.encode(UInt64(value.count)) }
      bytes += value
    }
  }

  private static func takeVarint(_ rest: inout ArraySlice<UInt8>) throws(MultiaddrError) -> UInt64 {
    guard let decoded = try? Varint.decode(rest) else {
      throw MultiaddrError(.truncated, "an address ends inside a number, or has one in a long form")
    }
    rest = rest.dropFirst(decoded.length)
    return decoded.value
  }

  /// Takes what stands before the next slash, and the slash.
  private static func takeSegment(_ rest: inout Substring.UnicodeScalarView) -> Substring {
    let segment = rest.prefix { $0 != "/" }
    rest = rest[segment.endIndex...].dropFirst()
    return Substring(segment)
  }
}

extension Multiaddr: CustomStringConvertible, Codable {
  /// The text form.
  public var description: String {
    components.map { ["/\($0.proto.name)", $0.valueText].compactMap(\.self).joined(separator: "/") }.joined()
  }

  /// Reads the text form; throws what ``init(_:)-(String)`` throws.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  /// Writes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
