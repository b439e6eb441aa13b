import Benchmark
import Substrate

func hashingBenchmarks() {
  for (size, label) in [(32, "32 B"), (65_536, "64 KiB")] {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let scaling: BenchmarkScalingFactor = size == 32 ? .kilo : .one
    Benchmark("Blake2b-256 \(label)", configuration: .init(scalingFactor: scaling)) { benchmark in
      for _ in benchmark.scaledIterations { blackHole(Blake2b.hash256(bytes)) }
    }
    Benchmark("Keccak-256 \(label)", configuration: .init(scalingFactor: scaling)) { benchmark in
      for _ in benchmark.scaledIterations { blackHole(Keccak256.hash(bytes)) }
    }
    Benchmark("twox128 \(label)", configuration: .init(scalingFactor: scaling)) { benchmark in
      for _ in benchmark.scaledIterations { blackHole(Twox.hash128(bytes)) }
    }
  }
}
