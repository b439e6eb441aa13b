import Foundation

/// The TCP sockets of a process, as Linux tells them.
struct Sockets {
  struct Ends {
    let local: String
    let remote: String
  }

  /// The addresses at both ends of each, as hex digits of the kernel, such as `0100007F`.
  let ends: [Ends]

  init(of process: Int32) throws {
    let folder = "/proc/\(process)"
    let inodes = Set(
      try FileManager.default.contentsOfDirectory(atPath: folder + "/fd").compactMap { descriptor -> String? in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/fd/" + descriptor)
        guard let target, target.hasPrefix("socket:[") else { return nil }
        return String(target.dropFirst("socket:[".count).dropLast())
      })
    ends = try ["tcp", "tcp6"].flatMap { table -> [Ends] in
      guard let file = FileHandle(forReadingAtPath: "\(folder)/net/\(table)") else { return [] }
      // Up to its end: by its size the file is empty, and what is read of it at once is the beginning.
      let lines = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
      return lines.dropFirst().compactMap { line -> Ends? in
        let columns = line.split(separator: " ")
        guard columns.count > 9, inodes.contains(String(columns[9])) else { return nil }
        let addresses = columns[1...2].compactMap { $0.split(separator: ":").first.map(String.init) }
        return addresses.count == 2 ? Ends(local: addresses[0], remote: addresses[1]) : nil
      }
    }
  }

  /// Whether none leads to another machine, or can be reached from one. The other end of a listening socket is zero; its
  /// own would be zero if it listened everywhere.
  var areLocal: Bool {
    let loopback = ["0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"]
    return ends.allSatisfy { end in
      loopback.contains(end.local) && (loopback.contains(end.remote) || end.remote.allSatisfy { $0 == "0" })
    }
  }
}
