import Foundation
import GRDB
import Protocols
import Substrate

/// Reads columns into the types of the library. What no validatord wrote is a damaged database, never a crash.
extension Row {
  func number<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Number.self) throws -> Number {
    guard let value = try decode(Int64?.self, forColumn: column), let number = Number(exactly: value) else {
      throw damaged(column)
    }
    return number
  }

  func numberIfAny<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Number.self) throws -> Number? {
    hasNull(atColumn: column) ? nil : try number(column)
  }

  func flag(_ column: String) throws -> Bool { try number(column, as: Int.self) != 0 }

  func text(_ column: String) throws -> String {
    guard let text = try decode(String?.self, forColumn: column) else { throw damaged(column) }
    return text
  }

  func textIfAny(_ column: String) throws -> String? { try decode(String?.self, forColumn: column) }

  func bytes(_ column: String) throws -> [UInt8] {
    guard let data = try decode(Data?.self, forColumn: column) else { throw damaged(column) }
    return Array(data)
  }

  func bytesIfAny(_ column: String) throws -> [UInt8]? { try decode(Data?.self, forColumn: column).map { Array($0) } }

  func digest(_ column: String) throws -> Digest32 {
    guard let digest = Digest32(try bytes(column)) else { throw damaged(column) }
    return digest
  }

  func hash(_ column: String) throws -> BlockHash {
    guard let hash = BlockHash(try bytes(column)) else { throw damaged(column) }
    return hash
  }

  func hashIfAny(_ column: String) throws -> BlockHash? { hasNull(atColumn: column) ? nil : try hash(column) }

  func choice<Choice: RawRepresentable<String>>(_ column: String, as type: Choice.Type = Choice.self) throws -> Choice {
    guard let choice = Choice(rawValue: try text(column)) else { throw damaged(column) }
    return choice
  }

  /// The sizes of a tensor, with commas.
  func shape(_ column: String) throws -> [Int] {
    try text(column).split(separator: ",").map { size in
      guard let size = Int(size) else { throw damaged(column) }
      return size
    }
  }

  func answer(bytes: [UInt8]) throws -> Answer {
    guard let answer = Answer(try choice("dtype"), shape: try shape("shape"), bytes: bytes) else {
      throw damaged("bytes")
    }
    return answer
  }

  private func hasNull(atColumn column: String) -> Bool { hasColumn(column) && hasNull(named: column) }

  private func hasNull(named column: String) -> Bool { (self[column] as DatabaseValue).isNull }

  private func damaged(_ column: String) -> StoreError {
    StoreError(.damaged, "the column \(column) holds what no validatord wrote")
  }
}

extension Answer {
  var shapeText: String { shape.map(String.init).joined(separator: ",") }
}

extension Digest32 {
  var data: Data { Data(bytes) }
}

extension BlockHash {
  var data: Data { Data(bytes) }
}

extension Database {
  /// Inserts and updates by statements that are prepared once.
  func run(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

/// A number that a column of 64 signed bits may hold; larger ones exist on no chain.
func column(_ value: UInt64) -> Int64 { Int64(clamping: value) }
