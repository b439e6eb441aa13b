import Benchmark

// The names are also those of the foreign measurements beside them (Benchmarks/foreign), which `scripts/bench`
// puts in one table.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration.metrics = [.wallClock]
  Benchmark.defaultConfiguration.maxDuration = .seconds(3)
  codecBenchmarks()
  hashingBenchmarks()
  extrinsicBenchmarks()
  stakeBenchmarks()
  rpcBenchmarks()
}
