import Foundation

/// Arrays of C strings, as C wants them for arguments and environments.
enum CStrings {
  /// Runs `body` with the strings, ended by a null pointer, which live as long as it runs.
  static func with<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { copies[index] = strdup(string) }
    copies[strings.count] = nil
    defer {
      for index in strings.indices { free(copies[index]) }
      copies.deallocate()
    }
    return body(UnsafePointer(copies))
  }
}
