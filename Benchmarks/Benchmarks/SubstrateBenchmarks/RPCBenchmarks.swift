import Benchmark
import Foundation
import Substrate

/// Reads from the node that `VALIDATORD_BENCH_ENDPOINT` names (`scripts/bench` starts one), with the program's
/// WebSocket client; nothing is measured where it is not set.
func rpcBenchmarks() {
  Benchmark("JSON-RPC answer parse, 178 KB metadata") { benchmark in
    let metadata = try Vectors.metadata(14)
    let answer = JSONValue.object(["jsonrpc": "2.0", "id": 1, "result": JSONValue(hex: metadata)]).encoded()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try JSONValue(parsing: answer)) }
  }

  guard let url = ProcessInfo.processInfo.environment["VALIDATORD_BENCH_ENDPOINT"] else { return }
  Benchmark("1000 storage reads") { benchmark in
    try await measure(url, benchmark) { connection, read in
      try await withThrowingTaskGroup(of: JSONValue.self) { group in
        for _ in 0..<1000 { group.addTask { try await connection.call(read.method, read.params) } }
        for try await value in group { blackHole(value) }
      }
    }
  }
  Benchmark("1000 storage reads in a batch") { benchmark in
    try await measure(url, benchmark) { connection, read in
      for result in try await connection.batch([RPCCall](repeating: read, count: 1000)) { blackHole(try result.get()) }
    }
  }
}

private func measure(
  _ url: String, _ benchmark: Benchmark, _ work: (WebSocketConnection, RPCCall) async throws -> Void
) async throws {
  let connection = try await WebSocketConnection.connect(to: RPCEndpoint(url, allowsPlaintext: true))
  let metadata = try RuntimeMetadata(Vectors.metadata(15))
  let key = try metadata.storage("System", "Number").key(types: metadata.types)
  let read = RPCCall("state_getStorage", [JSONValue(hex: key)])
  benchmark.startMeasurement()
  for _ in benchmark.scaledIterations { try await work(connection, read) }
  benchmark.stopMeasurement()
  await connection.close()
}
