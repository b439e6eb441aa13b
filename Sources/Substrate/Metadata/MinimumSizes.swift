/// Lower bounds of the encoded sizes of types, so that a claimed number of elements can be checked
/// against the bytes that follow before anything is allocated.
///
/// Bounds, not sizes: a type that contains itself, or that nests deeper than any real one, counts as
/// empty where that shows. Work is linear in the registry, whatever it claims.
enum MinimumSizes {
  private static let maximumDepth = 64
  /// Enough to tell a fat element from an empty one; more precision buys nothing.
  private static let ceiling = 1 << 16

  static func of(_ types: [PortableType]) -> [Int] {
    var sizes = [Int?](repeating: nil, count: types.count)

    func sum(_ ids: some Sequence<TypeID>, _ depth: Int) -> Int {
      ids.reduce(0) { min($0 + size($1, depth), ceiling) }
    }

    func size(_ id: TypeID, _ depth: Int) -> Int {
      let index = Int(id)
      guard index < types.count, depth < maximumDepth else { return 0 }
      if let known = sizes[index] { return known }
      sizes[index] = 0
      let size =
        switch types[index].definition {
        case .primitive(let primitive): width(primitive)
        case .composite(let fields): sum(fields.lazy.map(\.type), depth + 1)
        case .tuple(let elements): sum(elements, depth + 1)
        case .array(let count, let element): min(min(Int(count), ceiling) * size(element, depth + 1), ceiling)
        case .compact(let wrapped): size(wrapped, depth + 1) > 0 ? 1 : 0
        case .variant, .sequence, .bitSequence: 1
        }
      sizes[index] = size
      return size
    }

    return types.indices.map { size(TypeID($0), 0) }
  }

  private static func width(_ primitive: PortableType.Primitive) -> Int {
    switch primitive {
    case .bool, .u8, .i8, .str: 1
    case .u16, .i16: 2
    case .u32, .i32, .char: 4
    case .u64, .i64: 8
    case .u128, .i128: 16
    case .u256, .i256: 32
    }
  }
}
