import Foundation

/// The TCP sockets of a process, as Linux tells them.
struct Sockets {
  /// The addresses at both ends of each, as hex digits of the kernel, such as `0100007F`.
  let addresses: [String]

  init(of process: Int32) throws {
    let folder = "/proc/\(process)"
    let inodes = Set(
      try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").compactMap { descriptor -> String? in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/fd/" + descriptor)
        guard let target, target.hasPrefix("socket:[") else { return nil }
        return String(target.dropFirst("socket:[".count).dropLast())
      })
    addresses = try ["tcp", "tcp6"].flatMap { table -> [String] in
      guard let file = FileHandle(forReadingAtPath: "\(folder)/net/\(table)") else { return [] }
      // Up to its end: by its size the file is empty, and what is read of it at once is the beginning.
      let lines = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
      return lines.dropFirst().flatMap { line -> [String] in
        let columns = line.split(separator: " ")
        guard columns.count > 9, inodes.contains(String(columns[9])) else { return [] }
        return columns[1...2].compactMap { $0.split(separator: ":").first.map(String.init) }
      }
    }
  }

  /// Whether none leads to another machine, or can be reached from one. The other end of a listening socket is zero.
  var areLocal: Bool {
    let loopback = ["0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"]
    return addresses.allSatisfy { loopback.contains($0) || $0.allSatisfy { $0 == "0" } }
  }
}
