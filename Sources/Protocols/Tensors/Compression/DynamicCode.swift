/// The 256 numbers from -1 to 1 that bitsandbytes writes elements as: seven decades, each cut into twice as many steps
/// as the one below, so that small numbers are written as precisely as large ones.
enum DynamicCode {
  /// In ascending order.
  static let values: [Float] = {
    var values: [Float] = [0, 1]
    for decade in 0..<7 {
      let steps = 1 << decade
      let borders = (0...steps).map { Float($0 == steps ? 1 : 0.1 + 0.9 / Double(steps) * Double($0)) }
      let scale = powersOfTen[decade]
      for (lower, upper) in zip(borders, borders.dropFirst()) {
        let value = scale * ((lower + upper) / 2)
        values += [value, -value]
      }
    }
    values.sort()
    // The kernel that writes blocks puts the end of the range in the least value's place.
    values[0] = -1
    return values
  }()

  private static let powersOfTen: [Float] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]

  /// The index of the value that is nearest to `number`; of two, the lesser's.
  static func nearest(to number: Float) -> UInt8 {
    let high = min(max(values.count(below: number), 1), values.count - 1)
    let isLow = Double(number) - Double(values[high - 1]) <= Double(values[high]) - Double(number)
    return UInt8(isLow ? high - 1 : high)
  }
}
